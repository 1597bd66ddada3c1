"""Customer health of a million accounts, beside a polars script that does the same features.

    MILLRACE=bin/millrace python benches/health.py [--accounts 1000000] [--orders 50000000]

The input is made once, in the cache: order lines of accounts that each have a rhythm of their own and
sooner or later fall silent, one in twenty-five of them a return. Millrace ingests them and builds the marts. Then
`millrace run --full account_health` scores all accounts on a grid of days: yesterday, 30 days before,
and the ends of the twelve months before. The peer is a polars script in a process of its own: for the same days it makes, from the same `orders`
mart, days since the last purchase, the median gap, purchase days, net amounts of the year and the year before it, the share
of returns and the number of products; no curves, no weights, no model. What both know is compared on some
accounts and days; a difference ends the bench with status 1. Prints a table and writes it into
benches/results/health.json.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import sys
from pathlib import Path

from run import CACHE, HERE, THREADS, Cost, Failed, Line, Millrace, run, say, table

UNTIL = datetime.date(2025, 12, 31)
DAYS = 3 * 365
MAPPING = """\
system = "bench"
zone = "Asia/Shanghai"

[[source]]
file = "orders.parquet"
entity = "order"
columns = { id = "order_id", account = "account_id", ordered_at = "ordered_at", kind = "kind", amount = "amount", product = "product" }
"""
COMPARED = 500

FEATURES = """
import datetime, json, sys
import polars as pl

files, out, days = json.loads(sys.argv[1]), sys.argv[2], [datetime.date.fromisoformat(day) for day in json.loads(sys.argv[3])]
lines = (
    pl.scan_parquet(files)
    .select(
        pl.col("account_id").cast(pl.Categorical),
        pl.col("ordered_at").dt.offset_by("8h").dt.date().alias("day"),
        pl.col("kind").is_in(["return", "credit"]).alias("returned"),
        pl.col("amount").cast(pl.Float64),
        pl.col("product").cast(pl.Categorical),
    )
    .collect()
)
frames = []
for day in days:
    seen = lines.lazy().filter(pl.col("day") <= day)
    year, before = day - datetime.timedelta(365), day - datetime.timedelta(730)
    bought = seen.filter(~pl.col("returned"))
    purchases = bought.select("account_id", "day").unique().sort("account_id", "day")
    rhythm = purchases.with_columns(gap=pl.col("day").diff().over("account_id").dt.total_days()).group_by("account_id").agg(
        last=pl.col("day").max(),
        median_gap=pl.col("gap").median(),
        purchases=pl.len(),
        frequency=(pl.col("day") > year).sum(),
    )
    recent = pl.col("day") > year
    amounts = seen.group_by("account_id").agg(
        amount=pl.col("amount").filter(recent).sum(),
        amount_before=pl.col("amount").filter((pl.col("day") > before) & ~recent).sum(),
        sold=pl.col("amount").filter(recent & ~pl.col("returned")).sum(),
        went_back=pl.col("amount").filter(recent & pl.col("returned")).sum(),
    )
    breadth = bought.filter(pl.col("day") > year).group_by("account_id").agg(breadth=pl.col("product").n_unique())
    frame = rhythm.join(amounts, on="account_id", how="left").join(breadth, on="account_id", how="left")
    frames.append(frame.with_columns(as_of=pl.lit(day)).collect())
pl.concat(frames).write_parquet(out)
"""


def generate(accounts: int, orders: int, out: Path, seed: int = 1) -> None:
    """Order lines in order of time."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    random = np.random.default_rng(seed)
    # How often an account buys differs widely; it begins and ends somewhere.
    weight = random.lognormal(0.0, 1.0, accounts)
    count = np.maximum(1, np.floor(weight / weight.sum() * orders)).astype(np.int64)
    count[0] += max(0, orders - int(count.sum()))
    account = np.repeat(np.arange(accounts, dtype=np.int32), count)
    begin = random.integers(0, DAYS, accounts)
    end = begin + np.maximum(1, (random.random(accounts) ** 0.3 * (DAYS - begin))).astype(np.int64)
    day = begin[account] + (random.random(account.size) * (end - begin)[account]).astype(np.int64)
    order = np.argsort(day, kind="stable")
    account, day = account[order], day[order]
    del order
    first = np.datetime64(UNTIL - datetime.timedelta(DAYS), "us").astype(np.int64)
    at = first + day * 86_400_000_000 + random.integers(0, 8, day.size) * 3_600_000_000
    returned = random.random(day.size) < 0.04
    amount = np.round(random.lognormal(8.0, 1.0, day.size)) * np.where(returned, -1, 1)
    cents = pa.array(amount.astype(np.int64)).cast(pa.decimal128(21, 2)).cast(pa.decimal128(18, 2))
    products = pa.array([f"P{number:03}" for number in range(120)])
    chosen = lambda values, codes: pa.DictionaryArray.from_arrays(pa.array(codes), values)
    names = pa.array([f"A{number:07}" for number in range(accounts)])
    whole = pa.table(
        {
            "order_id": pc.binary_join_element_wise("O", pa.array(np.arange(day.size)).cast(pa.string()), ""),
            "account_id": chosen(names, account),
            "ordered_at": pa.array(at).cast(pa.timestamp("us", tz="UTC")),
            "kind": chosen(pa.array(["sale", "return"]), returned.astype(np.int8)),
            "amount": cents,
            "product": chosen(products, random.integers(0, 120, day.size).astype(np.int8)),
        }
    )
    out.mkdir(parents=True, exist_ok=True)
    pq.write_table(whole, out / "orders.partial", compression="zstd", row_group_size=512 * 1024)
    (out / "orders.partial").replace(out / "orders.parquet")
    (out / "mapping.toml").write_text(MAPPING, encoding="utf-8")


def grid() -> list[datetime.date]:
    """The days that are scored first: yesterday, 30 days before, and the ends of twelve months."""
    days, month = [UNTIL, UNTIL - datetime.timedelta(30)], UNTIL.replace(day=1)
    for _ in range(12):
        end = month - datetime.timedelta(1)
        days.append(end)
        month = end.replace(day=1)
    return sorted(set(days))


def compare(millrace: Millrace, theirs: Path) -> int:
    """What both know is the same; how many values were compared."""
    import duckdb

    found = duckdb.execute(
        f"""
        WITH ours AS (
          SELECT account_id, (as_of + INTERVAL 8 HOUR)::DATE AS day, frequency, breadth, returns
          FROM read_parquet({millrace.mart_files("account_health")})),
        chosen AS (SELECT DISTINCT account_id FROM ours ORDER BY hash(account_id) LIMIT {COMPARED})
        SELECT ours.account_id, ours.day, ours.frequency, their.frequency, ours.breadth, coalesce(their.breadth, 0),
          ours.returns, CASE WHEN their.sold > 0 THEN -their.went_back / their.sold END
        FROM ours JOIN chosen USING (account_id)
        JOIN read_parquet('{theirs}') their ON their.account_id::VARCHAR = ours.account_id AND their.as_of = ours.day
        """
    ).fetchall()
    if len(found) < COMPARED:
        raise Failed(f"only {len(found)} scores of {COMPARED} accounts are on both sides")
    for account, day, *values in found:
        for left, right in zip(values[::2], values[1::2], strict=True):
            same = left is right if left is None or right is None else abs(left - right) <= 1e-9 * max(1.0, abs(right))
            if not same:
                raise Failed(f"{account} on {day}: {values}")
    return len(found)


def main() -> int:
    """Runs the bench."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, default=50_000_000)
    parser.add_argument("--millrace", default=os.environ.get("MILLRACE", str(HERE.parent / "bin" / "millrace")))
    parser.add_argument("--out", type=Path, default=HERE / "results")
    options = parser.parse_args()

    source = CACHE / f"orders-{options.accounts}-{options.orders}"
    if not (source / "mapping.toml").exists():
        say(f"generating {options.orders:,} order lines of {options.accounts:,} accounts")
        generate(options.accounts, options.orders, source)
    work = CACHE / "health"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    millrace = Millrace(options.millrace, work / "data")
    try:
        millrace.init()
        say("ingest")
        millrace.run("ingest", "--mapping", str(source / "mapping.toml"))
        as_of = f"{UNTIL + datetime.timedelta(1)}T00:00:00+08:00"
        say("run of the marts")
        millrace.run("run", "--full", "--as-of", as_of, "orders", "accounts")
        say("scoring")
        own = millrace.run("run", "--full", "--as-of", as_of, "account_health")[0]
        script, out = work / "features.py", work / "features.parquet"
        script.write_text(FEATURES, encoding="utf-8")
        say("polars")
        days = json.dumps([day.isoformat() for day in grid()])
        files = json.dumps(millrace.mart_files("orders"))
        their = run([sys.executable, str(script), files, str(out), days], {"POLARS_MAX_THREADS": str(THREADS)})[0]
        compared = compare(millrace, out)
        say(f"{compared:,} scores compared")
    except Failed as failure:
        say(str(failure))
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)

    lines = [Line(f"{options.accounts:,} accounts, {options.orders:,} lines, {len(grid())} days", own, their)]
    print(table(lines).replace("duckdb", "polars"))
    import polars

    ratio = {name: round(getattr(own, name) / getattr(their, name), 3) for name in Cost.__dataclass_fields__}
    document = {
        "accounts": options.accounts,
        "orders": options.orders,
        "threads": THREADS,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "polars": polars.__version__,
        "millrace": own.__dict__,
        "polars_cost": their.__dict__,
        "ratio": ratio,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "health.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
