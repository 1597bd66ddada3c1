"""Reads the marts of a lake with the programs that analysts use, the way that they would.

A reader takes the newest published set and asks for the version of the table that is in it, so
that two tables always belong together.
"""

import json
from pathlib import Path

import deltalake
import duckdb
import polars
import pyarrow

MARTS = (
    "calendar",
    "users",
    "products",
    "accounts",
    "opportunities",
    "stage_visits",
    "conversion_cycles",
    "quote_outcomes",
    "orders",
    "contracts",
    "payment_performance",
    "ticket_service",
    "deliveries",
    "activity",
    "user_days",
    "record_quality",
)


def published_set(lake: Path) -> dict:
    """The newest published set: `id`, `complete_to`, and `versions` by table."""
    rows = polars.read_delta(str(lake / "published"))
    return json.loads(rows.sort("id")["body"][-1])


def snapshot(lake: Path, mart: str) -> deltalake.DeltaTable:
    """A mart at its version in the newest published set."""
    table = f"marts/{mart}"
    return deltalake.DeltaTable(lake / table, version=published_set(lake)["versions"][table])


def with_deltalake(lake: Path, mart: str) -> pyarrow.Table:
    """The mart as delta-rs reads it."""
    return snapshot(lake, mart).to_pyarrow_table()


def with_polars(lake: Path, mart: str) -> pyarrow.Table:
    """The mart as Polars reads it."""
    version = snapshot(lake, mart).version()
    return polars.scan_delta(str(lake / "marts" / mart), version=version).collect().to_arrow()


def with_duckdb(lake: Path, mart: str) -> pyarrow.Table:
    """The mart as DuckDB reads its Parquet files. (Where its `delta` extension is installed,
    `delta_scan` takes the directory; the extension is not part of the package.)"""
    table = snapshot(lake, mart)
    files = table.file_uris()
    columns = ", ".join(f'"{field.name}"' for field in table.schema().fields)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        if not files:
            return with_deltalake(lake, mart)
        return connection.sql(
            f"SELECT {columns} FROM read_parquet($1, union_by_name = true, "
            "hive_partitioning = true, hive_types_autocast = false)",
            params=[files],
        ).to_arrow_table()


READERS = {"deltalake": with_deltalake, "polars": with_polars, "duckdb": with_duckdb}
