"""Every mart is an ordinary Delta table to delta-rs, Polars and DuckDB, and its numbers are those
of the program."""

from decimal import Decimal

import duckdb
import polars
import pyarrow
import pyarrow.compute as compute
import pytest
from conftest import Company
from read_lake import MARTS, READERS, published_set, snapshot, with_deltalake, with_polars


def plain(table: pyarrow.Table) -> pyarrow.Table:
    """Without the differences between readers that carry no meaning: large and view strings,
    dictionaries, and metadata."""
    columns = []
    for name in table.column_names:
        column = table[name]
        kind = column.type
        if pyarrow.types.is_dictionary(kind):
            kind = kind.value_type
        if pyarrow.types.is_large_string(kind) or pyarrow.types.is_string_view(kind):
            kind = pyarrow.string()
        elif pyarrow.types.is_timestamp(kind) and kind.tz:
            kind = pyarrow.timestamp(kind.unit, "UTC")
        columns.append(column.cast(kind))
    return pyarrow.table(columns, names=table.column_names)


def ordered(table: pyarrow.Table) -> list[tuple]:
    """The rows, in an order that does not depend on the reader."""
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return sorted(rows, key=lambda row: [(value is not None, str(value)) for value in row])


@pytest.mark.parametrize("mart", MARTS)
def test_all_readers_see_the_same_rows(company: Company, mart: str):
    expected = plain(with_deltalake(company.lake, mart))
    assert expected.num_rows > 0
    for name, read in READERS.items():
        found = plain(read(company.lake, mart))
        assert found.schema.names == expected.schema.names, name
        for field in found.schema:
            assert field.type == expected.schema.field(field.name).type, (name, field)
        assert ordered(found) == ordered(expected), name


@pytest.mark.parametrize("mart", MARTS)
def test_times_are_utc_and_amounts_are_exact(company: Company, mart: str):
    for field in plain(with_deltalake(company.lake, mart)).schema:
        if field.name.endswith("_at"):
            assert field.type == pyarrow.timestamp("us", "UTC"), field
        if field.name.endswith("amount") or field.name == "list_price":
            assert field.type == pyarrow.decimal128(18, 2), field


@pytest.mark.parametrize("mart", MARTS)
def test_statistics_bound_the_rows_of_their_file(company: Company, mart: str):
    table = snapshot(company.lake, mart)
    actions = pyarrow.table(table.get_add_actions(flatten=True)).to_pylist()
    assert len(actions) == len(table.file_uris())
    bounded = 0
    for action in actions:
        path = company.lake / "marts" / mart / action["path"]
        # A single file, so nothing may be guessed from the name of its directory.
        rows = pyarrow.parquet.ParquetFile(path).read()
        assert action["num_records"] == rows.num_rows
        for name in rows.column_names:
            assert action[f"null_count.{name}"] == rows[name].null_count, name
            least, greatest = compute.min_max(rows[name]).as_py().values()
            if action.get(f"min.{name}") is None or least is None:
                continue
            bounded += 1
            assert action[f"min.{name}"] <= least, name
            assert action[f"max.{name}"] >= greatest, name
    assert bounded > 0


def test_a_month_of_visits_is_read_from_its_own_files(company: Company):
    visits = snapshot(company.lake, "stage_visits")
    months = {uri.split("left_month=")[1].split("/")[0] for uri in visits.file_uris()}
    assert "open" in months
    assert len(months) > 6
    month = max(months - {"open"})
    everything = with_polars(company.lake, "stage_visits")
    expected = everything.filter(compute.equal(everything["left_month"], month))
    lazy = polars.scan_delta(str(company.lake / "marts/stage_visits"), version=visits.version())
    found = lazy.filter(polars.col("left_month") == month).collect()
    assert found.height == expected.num_rows > 0
    files = visits.file_uris(file_pruning_predicate=[("left_month", "=", month)])
    with duckdb.connect() as connection:
        counted = connection.execute("SELECT count(*) FROM read_parquet($1)", [files]).fetchone()
    assert counted == (expected.num_rows,)


def test_readers_get_the_numbers_of_the_program(company: Company):
    total = company.query("opportunities_won,won_amount")["total"]
    cycles = polars.from_arrow(with_deltalake(company.lake, "conversion_cycles"))
    won = cycles.filter(polars.col("outcome") == "won")
    assert won.height == total["opportunities_won"] > 0
    amount = won["amount"].sum()
    assert isinstance(amount, Decimal)
    assert round(Decimal(str(total["won_amount"])), 2) == amount


def test_a_published_set_names_a_version_of_every_mart(company: Company):
    published = published_set(company.lake)
    assert published["id"] == 4, "the marts and the scores, and both with the success managers that follow from them"
    assert set(published["versions"]) >= {f"marts/{mart}" for mart in MARTS}
    for table in published["versions"]:
        assert (company.lake / table / "_delta_log").is_dir(), table
