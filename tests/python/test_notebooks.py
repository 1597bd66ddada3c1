"""The notebooks run from the top to the end over a served company, and what they say of themselves
holds: they are committed without outputs, and their checks do fail where a number is another."""

import sys
from pathlib import Path

import nbformat
import polars
import pytest
from conftest import Company
from nbclient.exceptions import CellExecutionError

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
sys.path.insert(0, str(NOTEBOOKS))

import millrace  # noqa: E402
import run  # noqa: E402

NAMES = [path.stem for path in run.notebooks()]


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def sources(notebook: nbformat.NotebookNode, kind: str) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


def printed(notebook: nbformat.NotebookNode) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")


@pytest.fixture
def environment(company: Company, served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the notebooks find the company."""
    monkeypatch.setenv("MILLRACE", str(company.program))
    monkeypatch.setenv("MILLRACE_DATA_DIR", str(company.data_dir))
    monkeypatch.setenv("MILLRACE_URL", served)
    monkeypatch.setenv("MILLRACE_LOGINS", str(company.logins))
    for name in ("MILLRACE_TOKEN", "MILLRACE_LAKE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_there_are_five_and_each_begins_with_a_title_in_both_languages():
    assert [name[:2] for name in NAMES] == ["01", "02", "03", "04", "05"]
    for name in NAMES:
        title = sources(read(name), "markdown")[0].splitlines()[0]
        chinese, _, english = title.removeprefix("# ").partition(" · ")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese), title
        assert english.isascii() and english, title


@pytest.mark.parametrize("name", NAMES)
def test_it_is_committed_without_outputs(name: str):
    notebook = read(name)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [], cell.source
            assert cell.execution_count is None, cell.source
        assert not cell.metadata, cell.metadata
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    # The version of the language would change with everyone who opens it.
    assert set(notebook.metadata.language_info) == {"name"}


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_its_numbers_are_the_registrys(environment: None, name: str):
    notebook = run.execute(read(name))
    said = printed(notebook)
    assert said.count("✓") >= 6, said
    errors = [output.text for cell in notebook.cells for output in cell.get("outputs", []) if output.get("name") == "stderr"]
    assert not errors, errors
    charts = [output for cell in notebook.cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
    assert charts


def test_its_checks_fail_where_open_deals_are_left_out(environment: None):
    notebook = read("02_conversion_cycle")
    right = '.filter(pl.col("days").is_not_null())'
    changed = 0
    for cell in notebook.cells:
        if cell.cell_type == "code" and right in cell.source:
            cell.source = cell.source.replace(right, '.filter(pl.col("outcome") != "open", pl.col("days").is_not_null())')
            changed += 1
    assert changed == 1
    with pytest.raises(CellExecutionError, match="Differs.*conversion_cycle_km_median"):
        run.execute(notebook)


def test_a_check_tells_the_smallest_difference():
    millrace.same("sum", 0.1 + 0.2, 0.3)
    millrace.same("nothing", None, None)
    for own, registry in [(1.0, 1.0 + 1e-8), (0.0, None), (None, 0.0), (1, 2), (float("nan"), float("nan"))]:
        with pytest.raises(millrace.Differs, match="what"):
            millrace.same("what", own, registry)


def test_a_check_of_a_table_tells_groups_and_values():
    own = polars.DataFrame({"region": ["East", "West"], "rate": [0.5, None]})
    rows = [{"region": "West", "rate": None}, {"region": "East", "rate": 0.5}]
    millrace.same_rows("rates", own, {"rows": rows}, "region")
    for wrong, message in [
        (rows[:1], "only here"),
        ([*rows, {"region": "North", "rate": 1.0}], "only in the registry"),
        ([rows[0], {"region": "East", "rate": 0.51}], "rate of East: 0.5 in the notebook, 0.51 in the registry"),
        ([{"region": "West", "rate": 0.0}, rows[1]], "rate of West"),
        ([{"region": "West", "other": 1}, {"region": "East", "other": 1}], "nothing to compare"),
    ]:
        with pytest.raises(millrace.Differs, match=message):
            millrace.same_rows("rates", own, {"rows": wrong}, "region")


def test_an_answer_of_other_tables_is_refused(environment: None):
    company = millrace.connect()
    answer = company.query("win_rate")
    mart, version = next(iter(answer["versions"].items()))
    with pytest.raises(millrace.Moved, match="run it again"):
        company.known({**answer, "versions": {mart: version + 1}})


def test_what_is_missing_is_named(environment: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MILLRACE_LOGINS")
    with pytest.raises(millrace.Unreachable, match="MILLRACE_TOKEN"):
        millrace.connect()
    monkeypatch.setenv("MILLRACE_TOKEN", "mrt_wrong")
    with pytest.raises(millrace.Unreachable, match="401"):
        millrace.connect()
    monkeypatch.setenv("MILLRACE_URL", "http://127.0.0.1:1")
    with pytest.raises(millrace.Unreachable, match="millrace serve"):
        millrace.connect()
