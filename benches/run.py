"""Millrace beside DuckDB, on the same files in the same run, two threads each.

    MILLRACE=bin/millrace python benches/run.py [--events 10000000[,100000000]] [--repeats 3]

1. `benches/generate.py` makes the input once, in the cache.
2. Millrace ingests it, and builds the marts; DuckDB makes the visits table from the same events:
   (a). Each is a process of its own; wall, CPU time and peak memory are the operating system's
   account of that process. DuckDB's wall time leaves out the start of Python.
3. (d) a thousand changed events, a tenth of them late or corrected, of deals that are open: what
   came in since the last set is made anew, and nothing else. DuckDB's side is (a) again: it makes
   its table from all events.
4. (b) dwell mean and median by stage, (c) by region and month with a filter, on the same mart
   files: `millrace query` as a process; and without the start, the HTTP API of `millrace serve`
   against one DuckDB connection, the median of repeated questions that differ by a second, so
   that nothing is answered from a cache of results.

Prints a table, and writes it with the machine's size into benches/results/EVENTS.json. A ratio
is Millrace over DuckDB: below 1 is better. Both sides' rows are compared, and a difference ends
the bench with status 1. With several numbers of events what (d) takes is set beside that for the
fewest: its cost should follow the change, not the history.
"""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import unicodedata
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "millrace" / "bench"
THREADS = 2
QUESTIONS = {
    "stage": {
        "name": "(b) dwell mean, median by stage",
        "metrics": ["dwell_mean", "dwell_median"],
        "by": ["stage"],
    },
    "region_month": {
        "name": "(c) dwell by region, month, filtered",
        "metrics": ["dwell_mean", "dwell_median"],
        "by": ["region", "month"],
        "where": [{"dimension": "industry", "op": "in", "values": ["电力", "水务", "制药"]}],
        "period": {"from": "2024-07-01", "to": "2025-06-30"},
    },
}


@dataclass
class Cost:
    """What a process took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass
class Line:
    """One line of the table."""

    task: str
    millrace: Cost
    duckdb: Cost | None


class Failed(Exception):
    """A process failed, or the two sides differ."""


def run(command: list[str], environment: dict[str, str] | None = None) -> tuple[Cost, str]:
    """Runs a process to its end; what it took, and what it printed."""
    with tempfile.NamedTemporaryFile("r") as told:
        measured = [sys.executable, str(HERE / "measure.py"), told.name, *command]
        done = subprocess.run(measured, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}, check=False)
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)} ended with {done.returncode}")
        return Cost(**json.load(told)), done.stdout


def median(costs: list[Cost]) -> Cost:
    """The run with the median wall time."""
    return sorted(costs, key=lambda cost: cost.wall_s)[len(costs) // 2]


def peer(*arguments: str) -> tuple[Cost, dict]:
    """Runs DuckDB's side."""
    cost, printed = run([sys.executable, str(HERE / "peer.py"), *arguments])
    answer = json.loads(printed)
    return cost, answer


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)


class Millrace:
    """The command over one data directory."""

    def __init__(self, binary: str, data: Path) -> None:
        self.binary, self.data = binary, data
        self.password = ""
        self.environment = {
            "TOKIO_WORKER_THREADS": str(THREADS),
            "RAYON_NUM_THREADS": str(THREADS),
            # what is measured is the reading of records
            "MILLRACE_NUMBERS_CACHE_MB": "0",
            "MILLRACE_NUMBERS_ROLLUP_MB": "0",
        }

    def run(self, *arguments: str) -> tuple[Cost, str]:
        """Runs one command."""
        return run([self.binary, "--data-dir", str(self.data), "--quiet", *arguments], self.environment)

    def init(self) -> None:
        """An empty data directory; its administrator's first password is kept."""
        shutil.rmtree(self.data, ignore_errors=True)
        made = json.loads(self.run("--format", "json", "init")[1])
        self.password = made["administrator"]["password"]

    def mart_files(self, table: str) -> list[str]:
        """The files of the newest version of a mart, from its Delta log."""
        folder = self.data / "lake" / "marts" / table
        files: set[str] = set()
        for entry in sorted((folder / "_delta_log").glob("*.json")):
            for line in entry.read_text().splitlines():
                action = json.loads(line)
                if "add" in action:
                    files.add(urllib.request.unquote(action["add"]["path"]))
                elif "remove" in action:
                    files.discard(urllib.request.unquote(action["remove"]["path"]))
        return sorted(str(folder / file) for file in files)


def calendar_of(millrace: Millrace, out: Path) -> None:
    """The working days of the mart `calendar`, by day and with the hours before each, for DuckDB."""
    import duckdb

    files = millrace.mart_files("calendar")
    duckdb.execute(
        f"""COPY (
          SELECT date - DATE '1970-01-01' AS day, working,
            coalesce(sum(working_hours) OVER (ORDER BY date ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS hours_before
          FROM read_parquet({files})
        ) TO '{out}' (FORMAT parquet)"""
    )


class Server:
    """`millrace serve`, its account from /proc."""

    def __init__(self, millrace: Millrace) -> None:
        self.process = subprocess.Popen(
            [millrace.binary, "--data-dir", str(millrace.data), "serve", "--listen", "127.0.0.1:0"],
            env={**os.environ, **millrace.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.url = ""
        for line in self.process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                self.url = found[0]
                break
        else:
            raise Failed("millrace serve did not say its address")
        self.headers = {"Content-Type": "application/json"}
        self.sign_in(millrace)

    def send(self, method: str, path: str, body: dict | None = None) -> tuple[dict, str]:
        """One request: the answer, and the cookie that it sets."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, self.headers, method=method)
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return json.loads(text) if text else {}, (answer.headers["Set-Cookie"] or "").split(";")[0]

    def sign_in(self, millrace: Millrace) -> None:
        """As the administrator, whose first password is changed at the first sign-in."""
        me, cookie = self.send("POST", "/api/session", {"username": "admin", "password": millrace.password})
        self.headers |= {"Cookie": cookie, "X-CSRF-Token": me["csrf_token"]}
        if me["must_change_password"]:
            new = f"{millrace.password}-changed"
            _, cookie = self.send("PUT", "/api/password", {"old": millrace.password, "new": new})
            millrace.password = new
            self.headers["Cookie"] = cookie
            me, _ = self.send("GET", "/api/session")
            self.headers["X-CSRF-Token"] = me["csrf_token"]

    def ask(self, query: dict) -> dict:
        """One question."""
        return self.send("POST", "/api/query", query)[0]

    def cpu_s(self) -> float:
        """CPU time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> float:
        """Peak memory so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def stop(self) -> None:
        """Ends the server."""
        self.process.terminate()
        self.process.wait(30)


def bench_build(millrace: Millrace, source: Path, work: Path, repeats: int, has_peer: bool) -> list[Line]:
    """Ingest, and (a)."""
    ingested, built, alone = [], [], []
    for repeat in range(repeats):
        millrace.init()
        say(f"millrace, round {repeat + 1} of {repeats}: ingest, run")
        ingested.append(millrace.run("ingest", "--mapping", str(source / "mapping.toml"))[0])
        built.append(millrace.run("run", "--full")[0])
        alone.append(millrace.run("run", "--full", "stage_visits")[0])
    if not has_peer:
        return [
            Line("ingest", median(ingested), None),
            Line("(a) raw to visits on disk", median(alone), None),
            Line("    all marts", median(built), None),
        ]
    calendar_of(millrace, work / "working_days.parquet")

    peers: dict[str, list[Cost]] = {"all": [], "contract": []}
    for columns, costs in peers.items():
        out = work / f"visits_{columns}.parquet"
        for repeat in range(repeats):
            say(f"duckdb, {columns} columns, round {repeat + 1} of {repeats}")
            out.unlink(missing_ok=True)
            cost, answer = peer("visits", str(source), str(work / "working_days.parquet"), str(out), columns)
            cost.wall_s = answer["seconds"]
            costs.append(cost)

    marts = work / "stage_visits.json"
    marts.write_text(json.dumps(millrace.mart_files("stage_visits")))
    _, answer = peer("check", str(marts), str(work / "visits_all.parquet"))
    ours, theirs = answer["millrace"], answer["duckdb"]
    if any(abs(left - right) > 1e-9 * max(1.0, abs(right)) for left, right in zip(ours, theirs, strict=True)):
        raise Failed(f"the visits differ: {ours} in Millrace, {theirs} in DuckDB")
    say(f"{int(ours[0]):,} visits, the same on both sides")
    return [
        Line("ingest of the same files (beside DuckDB's (a))", median(ingested), median(peers["all"])),
        Line("(a) raw to visits on disk", median(alone), median(peers["all"])),
        Line("    DuckDB with the contract's columns only", median(alone), median(peers["contract"])),
        Line("    all marts", median(built), None),
    ]


CHANGED = 1000
CHANGE_MAPPING = """\
system = "bench"
zone = "UTC"

[[source]]
file = "changes.parquet"
entity = "stage_change"
[source.columns]
opportunity = "opportunity_id"
stage = "stage"
changed_at = "changed_at"
by = "changed_by"
"""


def change_events(source: Path, out: Path, round_: int) -> None:
    """A thousand events of open deals: nine of ten go on to the next stage, one is late."""
    import duckdb

    out.mkdir(parents=True, exist_ok=True)
    (out / "mapping.toml").write_text(CHANGE_MAPPING, encoding="utf-8")
    duckdb.execute(
        f"""COPY (
          WITH deals AS (
            SELECT opportunity_id, arg_max(stage, changed_at) AS stage, max(changed_at) AS last,
              min(changed_at) AS first, any_value(changed_by) AS changed_by
            FROM read_parquet('{source / "events.parquet"}') GROUP BY opportunity_id
            HAVING arg_max(stage, changed_at) NOT IN ('won', 'lost', 'shelved')),
          chosen AS (
            SELECT *, row_number() OVER (ORDER BY hash(opportunity_id || '{round_}')) AS nth FROM deals
            ORDER BY nth LIMIT {CHANGED})
          SELECT opportunity_id,
            CASE WHEN nth % 10 = 0 THEN 'requirements'
              WHEN stage = 'lead' THEN 'first_contact' WHEN stage = 'first_contact' THEN 'requirements'
              WHEN stage = 'requirements' THEN 'quotation' WHEN stage = 'quotation' THEN 'signing'
              ELSE 'won' END AS stage,
            CASE WHEN nth % 10 = 0 THEN first + (last - first) / 2 + INTERVAL 1 MINUTE
              ELSE last + INTERVAL 1 HOUR + nth * INTERVAL 1 SECOND END AS changed_at,
            changed_by
          FROM chosen ORDER BY changed_at
        ) TO '{out / "changes.parquet"}' (FORMAT parquet)"""
    )


def bench_changes(millrace: Millrace, source: Path, work: Path, repeats: int, whole: Cost | None) -> list[Line]:
    """(d): the marts after a thousand changed events."""
    millrace.run("run", "--full")
    costs = []
    for repeat in range(repeats):
        say(f"{CHANGED} changed events, round {repeat + 1} of {repeats}")
        change_events(source, work / "changes", repeat)
        millrace.run("ingest", "--mapping", str(work / "changes" / "mapping.toml"))
        cost, printed = millrace.run("--format", "json", "run")
        report = json.loads(printed)
        if report["full"] or not report["published"]:
            raise Failed(f"the changed events were not taken by themselves: {report['full']}")
        say(", ".join(f"{mart['name']} {mart['written']:,} of {mart['rows']:,}" for mart in report["marts"]))
        slowest = sorted(report["steps"], key=lambda step: -step["seconds"])[:6]
        say("where the time goes: " + ", ".join(f"{step['name']} {step['seconds']:.2f} s" for step in slowest))
        costs.append(cost)
    return [Line(f"(d) {CHANGED} changed events to all marts", median(costs), whole)]


def same(ours: dict, theirs: list, by: list[str]) -> bool:
    """Whether an answer over HTTP has the rows that DuckDB found."""
    rows = {
        tuple(str(row[name]) for name in by): (row["dwell_mean"], row["dwell_median"], row["dwell_mean_n"])
        for row in ours["rows"]
    }
    found = {tuple(row[: len(by)]): tuple(row[len(by) :]) for row in theirs}
    return rows.keys() == found.keys() and all(
        abs(left - right) <= 1e-6 for key, values in rows.items() for left, right in zip(values, found[key], strict=True)
    )


def bench_queries(millrace: Millrace, work: Path, repeats: int) -> list[Line]:
    """(b) and (c): as a process, and without the start."""
    lines = []
    marts = work / "stage_visits.json"
    for key, question in QUESTIONS.items():
        say(question["name"])
        command = ["--format", "json", "query", ",".join(question["metrics"]), "--by", ",".join(question["by"])]
        for condition in question.get("where", []):
            command += ["--where", f"{condition['dimension']}={','.join(condition['values'])}"]
        if period := question.get("period"):
            command += ["--from", period["from"], "--to", period["to"]]
        processes = [millrace.run(*command)[0] for _ in range(3)]
        cold = []
        for _ in range(3):
            cost, answer = peer("query", str(marts), key, "1")
            cost.wall_s = answer["seconds"][0]
            cold.append(cost)
        lines.append(Line(f"{question['name']}, one process", median(processes), median(cold)))

        query = {name: value for name, value in question.items() if name != "name"}
        server = Server(millrace)
        try:
            seconds, before, ours = [], server.cpu_s(), {}
            for repeat in range(repeats):
                started = time.perf_counter()
                ours = server.ask({**query, "as_of": f"2026-11-20T00:00:{repeat:02}Z"})
                seconds.append(time.perf_counter() - started)
            cpu = (server.cpu_s() - before) / repeats
            warm = Cost(statistics.median(seconds), cpu, server.peak_mb())
        finally:
            server.stop()
        cost, answer = peer("query", str(marts), key, str(repeats))
        their = Cost(statistics.median(answer["seconds"]), cost.cpu_s / repeats, cost.peak_mb)
        if not same(ours, answer["rows"], question["by"]):
            raise Failed(f"{question['name']}: the two sides answer differently")
        lines.append(Line("    the same, served", warm, their))
    return lines


def width(text: str) -> int:
    """Columns of a terminal."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def table(lines: list[Line]) -> str:
    """The table for people."""
    header = ["", "millrace s", "CPU s", "MB", "duckdb s", "CPU s", "MB", "wall x", "CPU x", "memory x"]
    rows = [header]
    for line in lines:
        own, other = line.millrace, line.duckdb
        row = [line.task, f"{own.wall_s:.3f}", f"{own.cpu_s:.2f}", f"{own.peak_mb:.0f}"]
        if other:
            row += [f"{other.wall_s:.3f}", f"{other.cpu_s:.2f}", f"{other.peak_mb:.0f}"]
            row += [f"{own.wall_s / other.wall_s:.2f}", f"{own.cpu_s / other.cpu_s:.2f}", f"{own.peak_mb / other.peak_mb:.2f}"]
        rows.append(row + [""] * (len(header) - len(row)))
    widths = [max(width(row[column]) for row in rows) for column in range(len(header))]
    return "\n".join(
        "  ".join(
            cell + " " * (widths[column] - width(cell)) if column == 0 else " " * (widths[column] - width(cell)) + cell
            for column, cell in enumerate(row)
        ).rstrip()
        for row in rows
    )


def ratios(line: Line) -> dict | None:
    """Millrace over DuckDB."""
    if line.duckdb is None:
        return None
    return {name: round(value / getattr(line.duckdb, name), 3) for name, value in asdict(line.millrace).items()}


def main() -> int:
    """Runs the bench."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--events", default="10000000", help="how many, or several numbers with commas between")
    parser.add_argument("--repeats", type=int, default=3, help="rounds of ingest and (a)")
    parser.add_argument("--questions", type=int, default=9, help="repeats of (b) and (c), served")
    parser.add_argument("--no-peer", action="store_true", help="(a) and (d) of Millrace alone")
    parser.add_argument("--millrace", default=os.environ.get("MILLRACE", str(HERE.parent / "bin" / "millrace")))
    parser.add_argument("--out", type=Path, default=HERE / "results")
    options = parser.parse_args()

    changes = {}
    for events in sorted(int(number) for number in options.events.split(",")):
        try:
            lines = bench(options, events)
        except Failed as failure:
            say(str(failure))
            return 1
        print(f"{events:,} events")
        print(table(lines))
        changes[events] = next(line.millrace for line in lines if line.task.startswith("(d)"))
        write_result(options.out, f"{events}-alone" if options.no_peer else str(events), events, lines)
    fewest = next(iter(changes))
    for events, cost in changes.items():
        ratio = cost.wall_s / changes[fewest].wall_s
        print(f"(d) of {events:,} events: {cost.wall_s:.2f} s, {ratio:.2f} of that of {fewest:,}")
    return 0


def bench(options: argparse.Namespace, events: int) -> list[Line]:
    """All of it on so many events."""
    source = CACHE / f"input-{events}"
    if not (source / "mapping.toml").exists():
        say(f"generating {events:,} events")
        run([sys.executable, str(HERE / "generate.py"), "--events", str(events), "--out", str(source)])
    work = CACHE / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    millrace = Millrace(options.millrace, work / "data")
    try:
        lines = bench_build(millrace, source, work, options.repeats, not options.no_peer)
        lines += bench_changes(millrace, source, work, options.repeats, lines[1].duckdb)
        if options.no_peer:
            return lines
        marts = millrace.mart_files("stage_visits")
        (work / "stage_visits.json").write_text(json.dumps(marts))
        return lines + bench_queries(millrace, work, options.questions)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def write_result(out: Path, name: str, events: int, lines: list[Line]) -> None:
    """Keeps the table with the machine's size."""
    import duckdb

    out.mkdir(parents=True, exist_ok=True)
    result = {
        "events": events,
        "threads": THREADS,
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "duckdb": duckdb.__version__,
        "lines": [{**asdict(line), "task": line.task.strip(), "ratio": ratios(line)} for line in lines],
    }
    file = out / f"{name}.json"
    file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    say(f"written to {file}")


if __name__ == "__main__":
    sys.exit(main())
