"""The monthly report: what its pages and its workbook say is what `query` answers."""

import hashlib
import json
import re
import subprocess
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import openpyxl
import pypdf
import pytest

MONTH = "2026-10"


@pytest.fixture(scope="module")
def files(company, tmp_path_factory) -> dict[str, Path]:
    """The report in both languages."""
    out = tmp_path_factory.mktemp("report")
    for lang in ("zh", "en"):
        company.run("report", "monthly", "--month", MONTH, "--out", str(out), "--lang", lang)
    return {path.name.removeprefix(f"monthly-{MONTH}-"): path for path in out.iterdir()}


def arguments(query: dict) -> list[str]:
    """The query of a sheet as it is asked on the command line."""
    asked = [",".join(query["metrics"])]
    if query["by"]:
        asked += ["--by", ",".join(query["by"])]
    for condition in query["where"]:
        assert condition["op"] == "in"
        asked += ["--where", f"{condition['dimension']}={','.join(condition['values'])}"]
    asked += ["--from", query["period"]["from"], "--to", query["period"]["to"]]
    if query["compare"]:
        asked += ["--compare", query["compare"]]
    if query.get("order"):
        asked += ["--order", query["order"]]
    if query.get("limit"):
        asked += ["--limit", str(query["limit"])]
    return asked


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_number_of_the_workbook_is_what_its_query_answers(company, files, lang):
    book = openpyxl.load_workbook(files[f"{lang}.xlsx"])
    about = {row[0]: row[1] for row in book.worksheets[0].iter_rows(values_only=True)}
    word = {"zh": "查询: ", "en": "Query: "}[lang]
    queries = {name.removeprefix(word): text for name, text in about.items() if name and name.startswith(word)}
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    compared = 0
    for title, text in queries.items():
        query = json.loads(text)
        answer = company.query(*arguments(query))
        # names of sheets are cut to 28 letters
        sheet = sheets[title[:28].strip()] if title[:28].strip() in sheets else sheets[title]
        lines = list(sheet.iter_rows(values_only=True))
        names = lines[1]
        rows = list(answer["rows"])
        if answer.get("rest"):
            rows.append(answer["rest"])
        if query["by"]:
            rows.append(answer["total"])
        assert len(lines) - 2 == len(rows), title
        for line, row in zip(lines[2:], rows, strict=True):
            for name, cell in zip(names, line, strict=True):
                expected = row.get(name)
                if isinstance(expected, (int, float)) and not isinstance(expected, bool):
                    assert cell == pytest.approx(expected, rel=1e-14, abs=1e-14), (title, name, row)
                    compared += 1
                elif name in query["by"] and name in row and name not in ("stage", "health_status"):
                    assert cell == expected, (title, name)
                elif expected is None and name not in query["by"]:
                    assert cell is None, (title, name)
    assert compared > 500


def rounded(value: float, digits: int) -> str:
    text = Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{text:,}"


def written(value: float | None, unit: str, lang: str) -> str:
    """A number as it is to stand on the page."""
    if value is None:
        return "–"
    if unit == "ratio":
        return rounded(value * 100, 1) + {"zh": " %", "en": "%"}[lang]
    if unit in ("count", "score"):
        return rounded(value, 1).removesuffix(".0")
    if unit == "days":
        text = rounded(value, 0 if abs(value) >= 100 else 1).removesuffix(".0")
        return f"{text} 天" if lang == "zh" else f"{text} day{'' if text == '1' else 's'}"
    assert unit == "amount"
    steps = [(1e8, " 亿"), (1e4, " 万")] if lang == "zh" else [(1e9, "B"), (1e6, "M"), (1e3, "k")]
    for step, name in steps:
        if abs(value) >= step:
            size = value / step
            return f"{rounded(size, 0 if abs(size) >= 999.95 else 1)}{name}"
    return rounded(value, 0)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_key_figures_of_the_pages_are_what_the_query_answers(company, files, lang):
    book = openpyxl.load_workbook(files[f"{lang}.xlsx"])
    word = {"zh": "查询: 关键指标, 比上月", "en": "Query: Key figures, against the month before"}[lang]
    about = {row[0]: row[1] for row in book.worksheets[0].iter_rows(values_only=True)}
    query = json.loads(about[word])
    answer = company.query(*arguments(query))
    labels = {metric["name"]: metric["label"][lang] for metric in json.loads(company.run("metrics", "--format", "json"))["metrics"]}
    pages = pypdf.PdfReader(files[f"{lang}.pdf"])
    text = " ".join(" ".join(page.extract_text() for page in pages.pages).split())
    told = 0
    for column in answer["columns"]:
        name, total = column["name"], answer["total"]
        if not total[f"{name}_n"] and not total.get(f"{name}_before_n"):
            continue
        values = [written(total[name], column["unit"], lang), written(total.get(f"{name}_before"), column["unit"], lang)]
        row = r"\s*".join(re.escape(part).replace(r"\ ", r"\s*") for part in [labels[name], *values])
        assert re.search(row, text), (labels[name], values)
        told += 1
    assert told >= 12


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_are_tagged_small_and_have_an_outline(files, lang):
    path = files[f"{lang}.pdf"]
    pages = pypdf.PdfReader(path)
    assert path.stat().st_size < 2 * 1024 * 1024
    assert len(pages.outline) > 5
    assert "/StructTreeRoot" in pages.trailer["/Root"]
    assert len(pages.pages) > 3


def test_the_same_set_gives_the_same_bytes(company, files, tmp_path):
    told = json.loads(
        company.run("report", "monthly", "--month", MONTH, "--out", str(tmp_path), "--format", "json")
    )
    again = json.loads(
        company.run(
            "report", "monthly", "--month", MONTH, "--out", str(tmp_path / "again"), "--set", str(told["set"]), "--format", "json"
        )
    )
    for one, other in zip(told["files"], again["files"], strict=True):
        hashes = [hashlib.sha256(Path(file["file"]).read_bytes()).hexdigest() for file in (one, other)]
        assert hashes[0] == hashes[1], one["file"]


def test_a_copy_holds_what_its_reader_may_see(company, files, tmp_path):
    """The copy of a regional manager names no account that is somebody else's."""
    logins = (company.data_dir / "demo-logins.txt").read_text(encoding="utf-8")
    line = next(line for line in logins.splitlines() if "Regional manager" in line)
    username, team = re.split(r"\s{2,}", line.strip())[-3], re.split(r"\s{2,}", line.strip())[-1]
    company.run("report", "monthly", "--month", MONTH, "--out", str(tmp_path), "--for", username)
    whole = openpyxl.load_workbook(files["zh.xlsx"])
    own = openpyxl.load_workbook(tmp_path / f"monthly-{MONTH}-zh.xlsx")
    teams = {row[0] for row in list(own["团队"].iter_rows(values_only=True))[2:] if row[0] != "合计"}
    everybody = {row[0] for row in list(whole["团队"].iter_rows(values_only=True))[2:] if row[0] != "合计"}
    assert teams < everybody and teams, (team, teams, everybody)
    told = " ".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / f"monthly-{MONTH}-zh.pdf").pages)
    for other in everybody - teams:
        if other:
            assert other not in told


def test_a_month_that_has_not_begun_and_one_that_is_none_are_refused(company, tmp_path):
    for month, said in [("2031-01", "has not begun"), ("2026-13", "is not a month"), ("26-1", "is not a month")]:
        done = subprocess.run(
            [company.program, "--data-dir", company.data_dir, "report", "monthly", "--month", month, "--out", tmp_path / "none"],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 2 and said in done.stderr, done.stderr
    assert not (tmp_path / "none").exists()
