"""The monthly report, beside DuckDB answering those of its questions that are about deals, stages and orders.

    MILLRACE=bin/millrace python benches/report.py [--events 10000000] [--repeats 3]

1. The demo company (800 accounts, 24 months), made once in the cache: `millrace report monthly` as a
   process, from start to the files, in Chinese.
2. The input of `benches/dashboard.py` (ten million visits are two million opportunities): the same.
   DuckDB, a process each time as well, answers the questions of the workbook that its marts
   `stage_visits`, `conversion_cycles` and `orders` hold, period and compared period, as SQL over the same
   files: so it does less, and sets no pages.

Prints wall time, CPU time and peak memory of both, with their ratio, and writes all into
benches/results/report.json.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from dashboard import CYCLE, DECIDED, LOST, OPENED, ORDER, SHANGHAI_US, VISIT, WON, WORKED, prepared
from run import CACHE, HERE, Cost, Failed, Millrace, median, run, say

# metric: where it is, and as SQL
METRICS = {
    "order_amount": (ORDER, "sum(coalesce(amount, 0))"),
    "won_amount": (WON, "sum(coalesce(amount, 0))"),
    "average_won_amount": (WON, "avg(amount)"),
    "opportunities_won": (WON, "count(*)"),
    "opportunities_opened": (OPENED, "count(*)"),
    "opportunities_lost": (LOST, "count(*)"),
    "lost_amount": (LOST, "sum(coalesce(lost_amount, amount, 0))"),
    "win_rate": (DECIDED, "avg(CASE WHEN outcome = 'won' THEN 1.0 ELSE 0.0 END)"),
    "conversion_cycle_median": (CYCLE, "quantile_cont(cycle_days, 0.5)"),
    "conversion_cycle_p90": (CYCLE, "quantile_cont(cycle_days, 0.9)"),
    "dwell_median": (VISIT, "quantile_cont(dwell_hours, 0.5)"),
    "dwell_p90": (VISIT, "quantile_cont(dwell_hours, 0.9)"),
    "dwell_business_median": (WORKED, "quantile_cont(dwell_business_hours, 0.5)"),
}
DIMENSIONS = {"month", "stage", "team", "owner", "lost_reason"}


def queries(workbook: Path) -> list[dict]:
    """What the report asked, as its workbook says."""
    import openpyxl

    sheet = openpyxl.load_workbook(workbook, read_only=True).worksheets[0]
    rows = [row for row in sheet.iter_rows(values_only=True) if row[0] and row[0].startswith("查询: ")]
    return [json.loads(row[1]) for row in rows]


def before(query: dict) -> list[dict]:
    """The period of a query, and the one that it is compared with."""
    import datetime

    period = query["period"]
    periods = [period]
    begin, end = (datetime.date.fromisoformat(period[name]) for name in ("from", "to"))
    months = (end.year - begin.year) * 12 + end.month - begin.month + 1

    def moved(day: datetime.date, by: int) -> datetime.date:
        year, month = divmod(day.year * 12 + day.month - 1 - by, 12)
        return datetime.date(year, month + 1, 1)

    compare = query["compare"]
    if compare and compare.startswith("baseline:"):
        first, last = compare.removeprefix("baseline:").split("..")
        periods.append({"from": first, "to": last})
    elif compare:
        by = 12 if compare == "year_ago" else months
        first = moved(begin, by)
        last = moved(begin, by - months) - datetime.timedelta(days=1)
        periods.append({"from": str(first), "to": str(last)})
    return periods


def statements(asked: list[dict], marts: dict[str, str]) -> list[str]:
    """The questions as DuckDB takes them: those of one mart, time and condition together."""
    made = []
    for query in asked:
        if query["where"] or not set(query["by"]) <= DIMENSIONS:
            continue
        groups: dict[tuple, list[str]] = {}
        for metric in query["metrics"]:
            if metric in METRICS:
                where, number = METRICS[metric]
                groups.setdefault(where, []).append(number)
        for (mart, time, condition), numbers in groups.items():
            for period in before(query):
                local = f"make_timestamp(epoch_us({time}) + {SHANGHAI_US})"
                by = [f"strftime({local}, '%Y-%m')" if name == "month" else name for name in query["by"]]
                if mart == "orders" and {"lost_reason", "stage"} & set(query["by"]):
                    continue
                items = ", ".join([*by, *numbers, "count(*)"])
                rows = f"{condition} AND {time} >= TIMESTAMPTZ '{period['from']} 00:00:00+08' AND {time} < TIMESTAMPTZ '{period['to']} 00:00:00+08' + INTERVAL 1 DAY"
                group = f" GROUP BY {', '.join(by)}" if by else ""
                made.append(f"SELECT {items} FROM {marts[mart]} WHERE {rows}{group}")
    return made


def duckdb(millrace: Millrace, asked: list[dict], repeats: int) -> tuple[Cost, int]:
    """DuckDB's side, a process each time."""
    marts = {}
    for mart in ("stage_visits", "conversion_cycles", "orders"):
        options = ", hive_partitioning = true, hive_types_autocast = false" if mart == "stage_visits" else ""
        marts[mart] = f"read_parquet({millrace.mart_files(mart)}{options})"
    sql = statements(asked, marts)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "statements.json"
        script.write_text(json.dumps(sql), encoding="utf-8")
        program = (
            "import duckdb, json, sys\n"
            "connection = duckdb.connect()\n"
            "connection.execute('SET threads = 2; SET TimeZone = \\'UTC\\'')\n"
            "for one in json.load(open(sys.argv[1], encoding='utf-8')):\n"
            "    connection.execute(one).fetchall()\n"
        )
        costs = [run([sys.executable, "-c", program, str(script)])[0] for _ in range(repeats)]
    return median(costs), len(sql)


def measured(millrace: Millrace, month: str, repeats: int) -> tuple[Cost, list[dict]]:
    """The report, as a process."""
    with tempfile.TemporaryDirectory() as out:
        command = ["report", "monthly", "--month", month, "--out", out]
        costs = [millrace.run(*command)[0] for _ in range(repeats)]
        return median(costs), queries(Path(out) / f"monthly-{month}-zh.xlsx")


def demo(binary: str) -> Millrace:
    """The demo company, made once."""
    millrace = Millrace(binary, CACHE / "report-demo")
    if not (millrace.data / "demo-logins.txt").exists():
        shutil.rmtree(millrace.data, ignore_errors=True)
        say("the demo company")
        millrace.run("demo", "--until", "2026-10-31")
    return millrace


def main() -> int:
    """Runs the bench."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--millrace", default=os.environ.get("MILLRACE", str(HERE.parent / "bin" / "millrace")))
    parser.add_argument("--out", type=Path, default=HERE / "results")
    options = parser.parse_args()
    results: dict = {}
    try:
        say("demo company")
        cost, _ = measured(demo(options.millrace), "2026-10", options.repeats)
        results["demo"] = {"millrace": asdict(cost)}
        print(f"demo company: {cost.wall_s:.2f} s, {cost.cpu_s:.2f} CPU s, {cost.peak_mb:.0f} MB")
        large = prepared(options.millrace, options.events)
        say("the large one")
        cost, asked = measured(large, "2024-11", options.repeats)
        theirs, count = duckdb(large, asked, options.repeats)
    except Failed as failure:
        say(str(failure))
        return 1
    results["large"] = {"events": options.events, "millrace": asdict(cost), "duckdb": asdict(theirs), "statements": count}
    print(f"{options.events:,} events: {cost.wall_s:.2f} s, {cost.cpu_s:.2f} CPU s, {cost.peak_mb:.0f} MB for the whole report")
    print(f"DuckDB, {count} of its statements: {theirs.wall_s:.2f} s, {theirs.cpu_s:.2f} CPU s, {theirs.peak_mb:.0f} MB")
    print(f"report / DuckDB: {cost.wall_s / theirs.wall_s:.2f} of the time, {cost.peak_mb / theirs.peak_mb:.2f} of the memory")
    options.out.mkdir(parents=True, exist_ok=True)
    results["machine"] = {"cpus": os.cpu_count(), "platform": platform.platform()}
    (options.out / "report.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
