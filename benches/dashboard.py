"""Sixteen people clicking through numbers, beside DuckDB on the same Parquet files in the same run.

    MILLRACE=bin/millrace python benches/dashboard.py [--events 10000000] [--questions 320]

1. `benches/generate.py` makes the input once (four events a deal), and each deal gets an order; it is ingested and the marts are
   built once, both in the cache.
2. `millrace serve` with two threads, once without a cache of answers
   (`MILLRACE_NUMBERS_CACHE_MB=0`) and once with it. Sixteen clients, each a session of its own, ask
   seeded random questions without a pause: two dimensions of those that the marts have, filters on up
   to two more, a period of whole months or of any days. First other questions of the same kind are
   asked, as a dashboard in use has been, until the server has made what it makes of them.
3. DuckDB answers the same questions as SQL over the files of the same version of the marts, in process:
   sixteen threads, a cursor each, two threads for the work.

The classes: additive (counts and sums), ratio (means and rates), quantile (medians and ninths), distinct,
drill (a page of a hundred records with their count and sum), and cached (questions that were asked
before). Prints p50, p95 and p99 of each in milliseconds, says from where the answers came, and writes
all into benches/results/dashboard.json. Of each class some answers of both sides are compared; a
difference ends the bench with status 1.
"""

import argparse
import http.client
import json
import os
import platform
import random
import shutil
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from run import CACHE, HERE, THREADS, Failed, Millrace, Server, say
from run import run as process

CLIENTS = 16
COMPARED = 6
PAGE = 100
WARM_SECONDS = 120

REGIONS = ["华东", "华南", "华北", "华中", "西南", "西北", "东北"]
INDUSTRIES = ["化工", "电力", "水务", "食品", "制药", "冶金", "造纸", "石油", "暖通", "船舶"]
SEGMENTS = ["直销", "经销", "工程"]
STAGES = ["lead", "first_contact", "requirements", "quotation", "signing"]
VALUES = {"region": REGIONS, "industry": INDUSTRIES, "segment": SEGMENTS, "stage": STAGES}
SHANGHAI_US = 8 * 3_600_000_000

VISIT = ("stage_visits", "left_at", "dwell_hours IS NOT NULL")
WORKED = ("stage_visits", "left_at", "dwell_business_hours IS NOT NULL")
WON = ("conversion_cycles", "won_at", "outcome = 'won'")
CYCLE = ("conversion_cycles", "won_at", "outcome = 'won' AND cycle_days IS NOT NULL")
DECIDED = ("conversion_cycles", "closed_at", "outcome IN ('won', 'lost')")
LOST = ("conversion_cycles", "closed_at", "outcome = 'lost'")
OPENED = ("conversion_cycles", "opened_at", "true")
ORDER = ("orders", "ordered_at", "kind = 'sale'")
# metric: mart, time and condition; the number as DuckDB works it out; what a record of a drill adds
METRICS = {
    "additive": {
        "opportunities_opened": (OPENED, "count(*)", "1"),
        "opportunities_won": (WON, "count(*)", "1"),
        "won_amount": (WON, "sum(coalesce(amount, 0))", "coalesce(amount, 0)"),
        "lost_amount": (LOST, "sum(coalesce(lost_amount, amount, 0))", "coalesce(lost_amount, amount, 0)"),
    },
    "ratio": {
        "dwell_mean": (VISIT, "avg(dwell_hours)", "dwell_hours"),
        "dwell_business_mean": (WORKED, "avg(dwell_business_hours)", "dwell_business_hours"),
        "win_rate": (DECIDED, "avg(CASE WHEN outcome = 'won' THEN 1.0 ELSE 0.0 END)", "1"),
        "conversion_cycle_mean": (CYCLE, "avg(cycle_days)", "cycle_days"),
    },
    "quantile": {
        "dwell_median": (VISIT, "quantile_cont(dwell_hours, 0.5)", "dwell_hours"),
        "dwell_p90": (VISIT, "quantile_cont(dwell_hours, 0.9)", "dwell_hours"),
        "conversion_cycle_median": (CYCLE, "quantile_cont(cycle_days, 0.5)", "cycle_days"),
    },
    "distinct": {"order_count": (ORDER, "count(DISTINCT order_id)", "order_id")},
}
METRICS["drill"] = {name: METRICS[kind][name] for kind, name in [("ratio", "dwell_mean"), ("additive", "won_amount"), ("ratio", "conversion_cycle_mean")]}
METRICS["cached"] = {**METRICS["additive"], **METRICS["ratio"], **METRICS["quantile"]}
# the columns of a page; times as text, which needs no package of time zones
PAGES = {
    "stage_visits": "opportunity_id, visit, stage, next_stage, account_id, owner, team, entered_at::VARCHAR, left_at::VARCHAR, dwell_hours, dwell_business_hours, amount",
    "conversion_cycles": "opportunity_id, account_id, owner, team, product, stage, outcome, opened_at::VARCHAR, won_at::VARCHAR, closed_at::VARCHAR, cycle_days, amount, lost_reason",
}
KEYS = {"stage_visits": ["opportunity_id", "visit"], "conversion_cycles": ["opportunity_id", "episode"]}


ORDERS = """\
system = "bench"
zone = "UTC"

[[source]]
file = "orders.parquet"
entity = "order"
columns = { id = "order_id", account = "account_id", ordered_at = "ordered_at", amount = "amount", product = "product" }
"""


class Question:
    """One question, for both sides."""

    def __init__(self, kind: str, dice: random.Random) -> None:
        self.kind = kind
        self.metric = dice.choice(sorted(METRICS[kind]))
        (self.mart, self.time, self.condition), self.number, self.value = METRICS[kind][self.metric]
        if self.mart == "orders":
            dimensions = ["region", "industry", "segment", "product", "month", "quarter"]
        else:
            dimensions = ["region", "industry", "segment", "team", "manager", "product", "month", "quarter"]
        if self.mart == "stage_visits":
            dimensions.append("stage")
        self.by = [] if kind == "drill" else dice.sample(dimensions, 2)
        filters = [name for name in VALUES if name in dimensions and name not in self.by]
        count = min(dice.choice([0, 1, 1, 2]) + (kind == "drill"), len(filters))
        self.filters = {name: sorted(dice.sample(VALUES[name], dice.randint(1, 2))) for name in dice.sample(filters, count)}
        first = dice.randrange(24)
        year, month = divmod(first, 12)
        months = dice.choice([1, 3, 3, 6, 12])
        after_year, after_month = divmod(first + months, 12)
        self.begin = f"{2023 + year}-{month + 1:02}-01"
        after = f"{2023 + after_year}-{after_month + 1:02}-01"
        if dice.random() < 0.2:
            self.begin = f"{self.begin[:8]}{dice.randint(2, 28):02}"
        # the day before the first of the month after
        self.after = after
        stamp = time.mktime(time.strptime(after + " 12", "%Y-%m-%d %H")) - 86_400
        self.end = time.strftime("%Y-%m-%d", time.localtime(stamp))

    def query(self) -> dict:
        """As Millrace takes it."""
        where = [{"dimension": name, "op": "in", "values": values} for name, values in self.filters.items()]
        return {"metrics": [self.metric], "by": self.by, "where": where, "period": {"from": self.begin, "to": self.end}}

    def request(self) -> tuple[str, bytes]:
        """The address and what is sent."""
        if self.kind == "drill":
            body = {"query": self.query(), "limit": PAGE}
            return "/api/drill", json.dumps(body).encode()
        return "/api/query", json.dumps(self.query()).encode()

    def rows_sql(self, marts: dict[str, str]) -> str:
        """The records, for DuckDB."""
        column = f'"{self.time}"'
        local = f"make_timestamp(epoch_us({column}) + {SHANGHAI_US})"
        conditions = [
            self.condition,
            f"{column} >= TIMESTAMPTZ '{self.begin} 00:00:00+08'",
            f"{column} < TIMESTAMPTZ '{self.after} 00:00:00+08'",
        ]
        if self.time == "left_at":
            # the months are the partitions of the mart, but for the visits of deals under way
            conditions.append(f"(left_month BETWEEN '{self.begin[:7]}' AND '{self.end[:7]}' OR left_month = 'running')")
        for name, values in self.filters.items():
            conditions.append(f"{name} IN ({', '.join(repr(value) for value in values)})")
        # of few words, which DuckDB works out for those columns that are read
        return (
            f"SELECT *, strftime({local}, '%Y-%m') AS month, strftime({local}, '%Y') || '-Q' || quarter({local}) AS quarter"
            f" FROM {marts[self.mart]} WHERE {' AND '.join(conditions)}"
        )

    def sql(self, marts: dict[str, str]) -> list[str]:
        """As DuckDB takes it."""
        rows = self.rows_sql(marts)
        if self.kind == "drill":
            order = ", ".join(KEYS[self.mart])
            return [
                f"SELECT count(*), sum(CAST({self.value} AS DOUBLE)) FROM ({rows})",
                f"SELECT {PAGES[self.mart]}, {self.value} AS value FROM ({rows}) ORDER BY {order} LIMIT {PAGE}",
            ]
        by = ", ".join(self.by)
        return [f"SELECT {by}, {self.number}, count(*) FROM ({rows}) GROUP BY {by}"]


def questions(kind: str, seed: str, count: int) -> list[Question]:
    """Questions of a class, the same for the same seed."""
    dice = random.Random(f"{kind} {seed}")
    return [Question(kind, dice) for _ in range(count)]


def percentiles(seconds: list[float]) -> dict:
    """p50, p95 and p99, in milliseconds."""
    ordered = sorted(seconds)
    at = lambda share: round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)
    return {"count": len(ordered), "p50_ms": at(0.5), "p95_ms": at(0.95), "p99_ms": at(0.99)}


class Clients:
    """Sixteen clients of a server."""

    def __init__(self, server: Server) -> None:
        self.address = server.url.removeprefix("http://")
        self.headers = server.headers
        self.local = threading.local()
        self.pool = ThreadPoolExecutor(CLIENTS)

    def ask(self, question: Question) -> tuple[float, bytes]:
        """One question: how long it took, and the answer."""
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection(self.address, timeout=600)
        path, body = question.request()
        began = time.perf_counter()
        self.local.connection.request("POST", path, body, self.headers)
        response = self.local.connection.getresponse()
        answer = response.read()
        took = time.perf_counter() - began
        if response.status != 200:
            raise Failed(f"{response.status} for {body.decode()}: {answer.decode()}")
        return took, answer

    def all(self, asked: list[Question]) -> tuple[list[float], list[dict]]:
        """All of them, sixteen at a time."""
        answers = list(self.pool.map(self.ask, asked))
        return [took for took, _ in answers], [json.loads(answer) for _, answer in answers]

    def warm(self, asked: list[Question]) -> None:
        """Asks until the server has made what it makes of such questions."""
        began, scanned = time.monotonic(), -1
        while time.monotonic() - began < WARM_SECONDS:
            _, answers = self.all(asked)
            now = sum(answer["answered_by"]["by"] == "scan" for answer in answers)
            if now in (0, scanned):
                return
            scanned = now
            time.sleep(5)


class Duck:
    """DuckDB in process."""

    def __init__(self, millrace: Millrace) -> None:
        import duckdb

        self.connection = duckdb.connect()
        self.connection.execute(f"SET threads = {THREADS}; SET TimeZone = 'UTC'; SET enable_object_cache = true")
        self.marts = {}
        for mart in ("stage_visits", "conversion_cycles", "orders"):
            files = millrace.mart_files(mart)
            options = ", hive_partitioning = true, hive_types_autocast = false" if mart == "stage_visits" else ""
            self.marts[mart] = f"read_parquet({files}{options})"
        self.local = threading.local()
        self.pool = ThreadPoolExecutor(CLIENTS)

    def ask(self, question: Question) -> tuple[float, list]:
        """One question: how long it took, and the rows of each statement."""
        if not hasattr(self.local, "cursor"):
            self.local.cursor = self.connection.cursor()
        began = time.perf_counter()
        answers = [self.local.cursor.execute(sql).fetchall() for sql in question.sql(self.marts)]
        return time.perf_counter() - began, answers

    def all(self, asked: list[Question]) -> list[float]:
        """All of them, sixteen at a time."""
        return [took for took, _ in self.pool.map(self.ask, asked)]


def near(left: float | None, right: float | None) -> bool:
    """Whether two numbers are the same but for the order of adding up."""
    if left is None or right is None:
        return left is right
    return abs(float(left) - float(right)) <= 1e-6 * max(1.0, abs(float(right)))


def compare(question: Question, ours: dict, theirs: list) -> None:
    """Both sides answer the same."""
    if question.kind == "drill":
        count, total = theirs[0][0]
        same = ours["count"] == count and near(ours["sum"] or 0, total or 0) and len(ours["rows"]) == min(PAGE, count)
    else:
        found = {tuple(row[:2]): row[2:] for row in theirs[0]}
        # people are called by their names, which are their ids' numbers in the input
        named = [row for row in ours["rows"]]
        if "owner" in question.by or "product" in question.by:
            same = len(named) == len(found) and near(
                sum(row[f"{question.metric}_n"] for row in named), sum(counts for _, counts in found.values())
            )
        else:
            same = len(named) == len(found) and all(
                (key := tuple(row[name] for name in question.by)) in found
                and near(row[question.metric], found[key][0])
                and row[f"{question.metric}_n"] == found[key][1]
                for row in named
            )
    if not same:
        raise Failed(f"the two sides answer differently: {question.request()}, {ours}, {theirs[0][:20]}")


def order_files(source: Path, folder: Path) -> None:
    """An order for each deal, a month after it was opened."""
    import duckdb

    (folder / "mapping.toml").write_text(ORDERS, encoding="utf-8")
    duckdb.execute(
        f"""COPY (
          SELECT 'ORD-' || opportunity_id AS order_id, account_id, opened_at + INTERVAL 30 DAY AS ordered_at, amount, product
          FROM read_parquet('{source / "opportunities.parquet"}') ORDER BY ordered_at
        ) TO '{folder / "orders.parquet"}' (FORMAT parquet)"""
    )


def prepared(binary: str, events: int) -> Millrace:
    """A data directory with the marts of so many events, made once."""
    folder = CACHE / f"dashboard-{events}"
    millrace = Millrace(binary, folder / "data")
    ready = folder / "password"
    if ready.exists():
        millrace.password = ready.read_text()
        return millrace
    source = CACHE / f"input-{events}"
    if not (source / "mapping.toml").exists():
        say(f"generating {events:,} events")
        process([sys.executable, str(HERE / "generate.py"), "--events", str(events), "--out", str(source)])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    say("ingest and run")
    millrace.init()
    millrace.run("ingest", "--mapping", str(source / "mapping.toml"))
    order_files(source, folder)
    millrace.run("ingest", "--mapping", str(folder / "mapping.toml"))
    millrace.run("run", "--full")
    # the first sign-in changes the password
    Server(millrace).stop()
    ready.write_text(millrace.password)
    return millrace


def ours(millrace: Millrace, cache_mb: int, kinds: list[str], count: int) -> tuple[dict, dict]:
    """What the server takes for each class, and answers to compare."""
    millrace.environment |= {"MILLRACE_NUMBERS_CACHE_MB": str(cache_mb)}
    server = Server(millrace)
    results, answered = {}, {}
    try:
        clients = Clients(server)
        for kind in kinds:
            say(f"millrace, {kind}, cache {'on' if cache_mb else 'off'}")
            asked = questions(kind, "measured", count)
            clients.warm(asked if kind == "cached" else questions(kind, "warm", count))
            began, cpu = time.perf_counter(), server.cpu_s()
            seconds, answers = clients.all(asked)
            origins = Counter(answer["answered_by"]["by"] for answer in answers)
            results[kind] = {
                **percentiles(seconds),
                "per_s": round(count / (time.perf_counter() - began), 1),
                "cpu_ms": round(1000 * (server.cpu_s() - cpu) / count, 2),
                "answered_by": dict(origins),
            }
            answered[kind] = list(zip(asked, answers, strict=True))[:COMPARED]
        results["peak_mb"] = round(server.peak_mb())
    finally:
        server.stop()
    return results, answered


def table(results: dict) -> str:
    """The table for people."""
    lines = [f"{'':24}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}{'CPU ms':>10}   answered by"]
    for side, label in (("cache_off", "millrace"), ("duckdb", "duckdb"), ("cache_on", "millrace, cache")):
        for kind, one in results[side].items():
            if not isinstance(one, dict):
                continue
            origins = ", ".join(f"{name} {count}" for name, count in one.get("answered_by", {}).items())
            cpu = f"{one['cpu_ms']:>10.2f}" if "cpu_ms" in one else f"{'':10}"
            lines.append(f"{label + ': ' + kind:24}{one['p50_ms']:>10.2f}{one['p95_ms']:>10.2f}{one['p99_ms']:>10.2f}{cpu}   {origins}")
    return "\n".join(lines)


def main() -> int:
    """Runs the bench."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--questions", type=int, default=320, help="of each class")
    parser.add_argument("--millrace", default=os.environ.get("MILLRACE", str(HERE.parent / "bin" / "millrace")))
    parser.add_argument("--out", type=Path, default=HERE / "results")
    options = parser.parse_args()

    import duckdb

    kinds = ["additive", "ratio", "quantile", "distinct", "drill"]
    millrace = prepared(options.millrace, options.events)
    millrace.environment.pop("MILLRACE_NUMBERS_ROLLUP_MB")
    results: dict = {}
    try:
        results["cache_off"], answered = ours(millrace, 0, kinds, options.questions)
        duck = Duck(millrace)
        results["duckdb"] = {}
        for kind in kinds:
            say(f"duckdb, {kind}")
            asked = questions(kind, "measured", options.questions)
            duck.all(questions(kind, "warm", CLIENTS))
            results["duckdb"][kind] = percentiles(duck.all(asked))
            for question, answer in answered[kind]:
                compare(question, answer, duck.ask(question)[1])
        results["cache_on"], answered = ours(millrace, 128, ["cached"], options.questions)
        for question, answer in answered["cached"]:
            compare(question, answer, duck.ask(question)[1])
    except Failed as failure:
        say(str(failure))
        return 1
    print(table(results))
    machine = {"cpus": os.cpu_count(), "machine": platform.machine(), "system": platform.system()}
    document = {
        "events": options.events,
        "clients": CLIENTS,
        "questions": options.questions,
        "threads": THREADS,
        "machine": machine,
        "duckdb_version": duckdb.__version__,
        **results,
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "dashboard.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
