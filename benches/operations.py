"""Records over HTTP beside bare loops on the same databases, in the same run.

    MILLRACE=bin/millrace python benches/operations.py [--accounts 200000] [--deals 500000] [--seconds 20]

1. The records are made once, in the cache: people of 8 teams, accounts and deals that they own, and
   the table that search is answered from, as the server itself would have written them.
2. `millrace serve --no-jobs` over SQLite, 64 clients (`benches/load.rs`) with a token each: 80 % reads
   (one record, lists of one's own), 20 % writes (changes with their version, creates with a key).
3. A bare loop does the statements that the server does for those requests, in the same shares, on a
   copy of the same file with the same durability: synchronous = FULL, a commit each.
4. The same on PostgreSQL with fsync on, beside pgbench with 64 clients and the same statements.

The statements are those of `benches/statements.py`. Prints a table, and writes it with the machine's
size into benches/results/operations.json. A ratio is Millrace over the bare loop: above 1/3 is the aim,
with p99 below 50 ms.
"""

import argparse
import hashlib
import json
import os
import platform
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from statements import KINDS, draw, pgbench, statements

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "millrace" / "bench"
CLIENTS = 64
NOW = "2026-11-02T01:00:00+00:00"
INDUSTRIES = ["电力", "水务", "制药", "化工", "食品", "造纸"]
REGIONS = ["华东", "华南", "华北", "西南"]


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)


def run(command: list[str], **options) -> str:
    """Runs a process to its end and gives what it printed."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def grams(text: str) -> set[str]:
    """As `operations::search_index` makes them, for texts without width and case."""
    found = set()
    for word in text.lower().split():
        found.update(word[at : at + 2] for at in range(len(word) - 1))
        found.add(word[-1])
    return found


def records(accounts: int, deals: int):
    """All rows, table by table, with their columns."""
    dice = random.Random(7)
    yield "teams", ["id", "name", "recorded_at", "updated_at"], (
        (1000 + team, f"团队{team}", NOW, NOW) for team in range(8)
    )
    yield "users", ["id", "username", "name", "team_id", "role_id", "recorded_at", "updated_at"], (
        (1000 + person, f"rep{person}", f"销售{person}", 1000 + person % 8, "REP", NOW, NOW) for person in range(CLIENTS)
    )
    scopes = json.dumps(
        [{"entity": entity, "action": action} for entity in ("account", "opportunity", "user", "team", "stage", "pipeline") for action in ("read", "create", "update", "claim")]
    )
    yield "api_tokens", ["token_hash", "user_id", "name", "scopes", "created_at"], (
        (hashlib.sha256(token(person).encode()).hexdigest(), 1000 + person, "bench", scopes, NOW) for person in range(CLIENTS)
    )
    yield (
        "accounts",
        ["id", "number", "name", "normalised_name", "region", "industry", "pool_state", "owner_id", "team_id", "claimed_at", "created_at", "recorded_at", "updated_at"],
        (
            (number, f"ACC-2025-{number:05}", account_name(number), account_name(number)[:-4], dice.choice(REGIONS), dice.choice(INDUSTRIES))
            + ("owned", 1000 + number % CLIENTS, 1000 + number % CLIENTS % 8, NOW, NOW, NOW, NOW)
            for number in range(1, accounts + 1)
        ),
    )
    yield (
        "opportunities",
        ["id", "number", "name", "account_id", "owner_id", "team_id", "pipeline_id", "stage_id", "stage_entered_at", "outcome", "opened_at", "closed_at", "last_moved_at", "amount", "recorded_at", "updated_at"],
        (
            (number, f"OPP-2025-{number:05}", deal_name(number), account := 1 + (number * 7919) % accounts, 1000 + account % CLIENTS)
            + (1000 + account % CLIENTS % 8, 1, 1 + number % 5, NOW, "lost" if number % 3 else "open", NOW)
            + (NOW if number % 3 else None, NOW, dice.randrange(100_000, 100_000_000), NOW, NOW)
            for number in range(1, deals + 1)
        ),
    )
    yield "search_grams", ["entity", "gram", "sight", "record_id"], (
        (entity, gram, 0, number)
        for entity, count, texts in (
            ("account", accounts, lambda number: (f"acc-2025-{number:05}", account_name(number))),
            ("opportunity", deals, lambda number: (f"opp-2025-{number:05}", deal_name(number))),
        )
        for number in range(1, count + 1)
        for gram in set().union(*map(grams, texts(number)))
    )
    yield "counters", ["prefix", "year", "last"], ((prefix, 2026, 1) for prefix in ("ACC", "OPP"))


def account_name(number: int) -> str:
    """A customer's name."""
    return f"客户{number}号机械有限公司"


def deal_name(number: int) -> str:
    """A deal's name."""
    return f"阀门项目{number}"


def token(person: int) -> str:
    """The token of a person."""
    return f"mrt_bench{person:040}"


def prepared(binary: str, accounts: int, deals: int) -> Path:
    """A data directory with the records on SQLite, made once."""
    folder = CACHE / f"operations-{accounts}-{deals}"
    if (folder / "ready").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    run([binary, "--data-dir", str(folder), "--quiet", "init"], stderr=subprocess.DEVNULL)
    base = sqlite3.connect(folder / "operations.db", isolation_level=None)
    base.execute("PRAGMA synchronous = OFF")
    base.execute("UPDATE roles SET pool_capacity = NULL, daily_claims = NULL")
    (role,) = base.execute("SELECT id FROM roles WHERE code = 'rep'").fetchone()
    for name, columns, rows in records(accounts, deals):
        say(f"making {name}")
        base.execute("BEGIN")
        base.executemany(
            f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            (tuple(role if value == "REP" else value for value in row) for row in rows),
        )
        base.execute("COMMIT")
    base.execute("ANALYZE")
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()
    (folder / "ready").touch()
    return folder


def plan(path: Path, accounts: int, deals: int) -> Path:
    """Which ids each person works on: some hundreds, so that what is asked for is not all in memory."""
    own: list[tuple[list[int], list[int]]] = [([], []) for _ in range(CLIENTS)]
    dice = random.Random(11)
    for number in range(1, accounts + 1):
        own[number % CLIENTS][0].append(number)
    for number in range(1, deals + 1):
        own[(1 + (number * 7919) % accounts) % CLIENTS][1].append(number)
    lines = []
    for person, (mine, theirs) in enumerate(own):
        ids = [",".join(map(str, dice.sample(ids, min(len(ids), 1000)))) for ids in (mine, theirs)]
        lines.append("\t".join([token(person), *ids]))
    path.write_text("\n".join(lines) + "\n")
    return path


class Server:
    """`millrace serve` over a data directory."""

    def __init__(self, binary: str, data: Path, database: str | None = None) -> None:
        environment = {**os.environ, "TOKIO_WORKER_THREADS": "2"}
        if database:
            environment["MILLRACE_DATABASE_URL"] = database
        self.process = subprocess.Popen(
            [binary, "--data-dir", str(data), "serve", "--no-jobs", "--listen", "127.0.0.1:0"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in self.process.stderr:
            if found := re.search(r"http://(127\.0\.0\.1:\d+)", line):
                self.address = found[1]
                return
        raise SystemExit("millrace serve did not say its address")

    def cpu_s(self) -> float:
        """CPU time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """Ends the server."""
        self.process.terminate()
        self.process.wait(30)


def load(server: Server, client: Path, people: Path, seconds: int) -> dict:
    """64 clients for so many seconds, after a quarter of that to warm up."""
    before = server.cpu_s()
    printed = run([str(client), server.address, str(people), str(CLIENTS), str(max(seconds // 4, 2)), str(seconds)])
    answer = json.loads(printed)
    answer["cpu_s"] = round(server.cpu_s() - before, 2)
    return answer


def percentiles(times: list[float], seconds: float) -> dict:
    """As the client writes them."""
    times.sort()
    at = lambda share: round(times[min(int(len(times) * share), len(times) - 1)] * 1000, 2) if times else 0.0  # noqa: E731
    return {"count": len(times), "per_s": round(len(times) / seconds, 1), "p50_ms": at(0.5), "p95_ms": at(0.95), "p99_ms": at(0.99)}


def bare_sqlite(folder: Path, accounts: int, deals: int, seconds: int) -> dict:
    """One loop over the same statements, as fast as it goes."""
    copy = folder / "bare.db"
    shutil.copyfile(folder / "operations.db", copy)
    base = sqlite3.connect(copy, isolation_level=None, cached_statements=512)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -65536", "temp_store = MEMORY"):
        base.execute(f"PRAGMA {pragma}")
    base.row_factory = sqlite3.Row
    asked = statements(hashlib.sha256(token(0).encode()).hexdigest())
    kinds = [kind for kind, share in KINDS.items() for _ in range(share)]
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    dice = random.Random(5)
    ends = time.perf_counter() + seconds + 2
    began = None
    while (now := time.perf_counter()) < ends:
        kind = dice.choice(kinds)
        given = draw(dice, deals, accounts, CLIENTS)
        started = time.perf_counter()
        for statement in asked[kind]:
            rows = base.execute("BEGIN IMMEDIATE" if statement.text == "BEGIN" else statement.text, given).fetchall()
            given |= {name: rows[0][column] for column, name in statement.save.items()}
        if now > ends - seconds:
            began = began or started
            times[kind].append(time.perf_counter() - started)
    seconds = time.perf_counter() - began
    base.close()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{copy}{suffix}").unlink(missing_ok=True)
    result = {kind: percentiles(own, seconds) for kind, own in times.items()}
    result["all"] = percentiles([time for own in times.values() for time in own], seconds)
    return result


class Postgres:
    """A cluster of one's own, durable, with the records."""

    def __init__(self, binary: str, folder: Path) -> None:
        self.process = subprocess.Popen(
            ["sh", str(HERE.parent / "scripts" / "postgres.sh"), "fsync = on", "shared_buffers = '512MB'", "max_wal_size = '4GB'"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.socket = self.process.stdout.readline().strip()
        if not self.socket:
            raise SystemExit("PostgreSQL is not installed (on Debian: apt-get install postgresql)")
        self.url = f"postgres://postgres@localhost/postgres?host={self.socket}"
        self.data = folder / "postgres-data"
        shutil.rmtree(self.data, ignore_errors=True)
        environment = {**os.environ, "MILLRACE_DATABASE_URL": self.url}
        run([binary, "--data-dir", str(self.data), "--quiet", "init"], stderr=subprocess.DEVNULL, env=environment)

    def psql(self, text: str) -> str:
        """Runs statements."""
        return run(["psql", "-h", self.socket, "-U", "postgres", "-qtAX", "-v", "ON_ERROR_STOP=1", "-c", text])

    def fill(self, accounts: int, deals: int) -> None:
        """The same records as on SQLite."""
        self.psql("UPDATE roles SET pool_capacity = NULL, daily_claims = NULL")
        role = self.psql("SELECT id FROM roles WHERE code = 'rep'").strip()
        for name, columns, rows in records(accounts, deals):
            say(f"filling {name} of PostgreSQL")
            copy = subprocess.Popen(
                ["psql", "-h", self.socket, "-U", "postgres", "-qX", "-c", f"COPY {name} ({', '.join(columns)}) FROM STDIN"],
                stdin=subprocess.PIPE,
                text=True,
            )
            for row in rows:
                copy.stdin.write("\t".join("\\N" if value is None else role if value == "REP" else str(value).replace("\\", "\\\\") for value in row) + "\n")
            copy.stdin.close()
            if copy.wait():
                raise SystemExit(f"{name} cannot be filled")
        for name in ("teams", "users", "accounts", "opportunities"):
            self.psql(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT MAX(id) FROM {name}))")
        self.psql("ANALYZE")
        self.psql("CHECKPOINT")

    def pgbench(self, folder: Path, accounts: int, deals: int, seconds: int) -> dict:
        """The same statements by as many clients."""
        scripts = []
        asked = statements(hashlib.sha256(token(0).encode()).hexdigest())
        for kind, own in asked.items():
            path = folder / f"{kind}.sql"
            path.write_text(pgbench(own, deals, accounts, CLIENTS))
            scripts += ["-f", f"{path}@{KINDS[kind]}"]
        logs = folder / "pgbench"
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir()
        command = ["pgbench", "-h", self.socket, "-U", "postgres", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "--max-tries=20"]
        run([*command, "-T", str(seconds), "--log", f"--log-prefix={logs}/log", *scripts, "postgres"], stderr=subprocess.DEVNULL)
        times: dict[str, list[float]] = {kind: [] for kind in KINDS}
        names = list(asked)
        for log in logs.iterdir():
            for line in log.read_text().splitlines():
                fields = line.split()
                if fields[2].isdigit():
                    times[names[int(fields[3])]].append(int(fields[2]) / 1e6)
        result = {kind: percentiles(own, seconds) for kind, own in times.items()}
        result["all"] = percentiles([time for own in times.values() for time in own], seconds)
        return result

    def stop(self) -> None:
        """Ends it and removes everything."""
        self.process.stdin.close()
        self.process.wait(60)


def table(results: dict) -> str:
    """The table for people."""
    lines = [f"{'':34}{'per s':>10}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}"]
    for name in ("sqlite", "postgres"):
        if name not in results:
            continue
        own, bare = results[name]["millrace"], results[name]["bare"]
        for label, side, key in (
            (f"{name}: millrace, 64 clients", own, "all"),
            ("    reads", own, "reads"),
            ("    writes", own, "writes"),
            (f"{name}: the bare loop" if name == "sqlite" else f"{name}: pgbench, 64 clients", bare, "all"),
        ):
            of = side[key]
            lines.append(f"{label:34}{of['per_s']:>10,.0f}{of['p50_ms']:>10.2f}{of['p95_ms']:>10.2f}{of['p99_ms']:>10.2f}")
        ratio = results[name]["ratio"]
        lines.append(f"    {ratio:.2f} of the bare throughput, {own['cpu_s'] / max(own['all']['count'], 1) * 1000:.2f} ms of CPU a request")
    return "\n".join(lines)


def main() -> int:
    """Runs the bench."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--deals", type=int, default=500_000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    parser.add_argument("--millrace", default=os.environ.get("MILLRACE", str(HERE.parent / "bin" / "millrace")))
    parser.add_argument("--out", type=Path, default=HERE / "results")
    options = parser.parse_args()
    accounts, deals = options.accounts, options.deals

    CACHE.mkdir(parents=True, exist_ok=True)
    client = CACHE / "load"
    run(["rustc", "-O", "--edition", "2024", str(HERE / "load.rs"), "-o", str(client)])
    people = plan(CACHE / "people.tsv", accounts, deals)
    results: dict = {}
    if options.only != "postgres":
        folder = prepared(options.millrace, accounts, deals)
        say("the bare loop on SQLite")
        bare = bare_sqlite(folder, accounts, deals, options.seconds)
        work = CACHE / "operations-work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(folder, work)
        say("millrace on SQLite")
        server = Server(options.millrace, work)
        try:
            own = load(server, client, people, options.seconds)
        finally:
            server.stop()
        shutil.rmtree(work)
        results["sqlite"] = {"millrace": own, "bare": bare, "ratio": round(own["all"]["per_s"] / bare["all"]["per_s"], 3)}
    if options.only != "sqlite":
        postgres = Postgres(options.millrace, CACHE)
        try:
            postgres.fill(accounts, deals)
            say("pgbench")
            bare = postgres.pgbench(CACHE, accounts, deals, options.seconds)
            say("millrace on PostgreSQL")
            server = Server(options.millrace, postgres.data, postgres.url)
            try:
                own = load(server, client, people, options.seconds)
            finally:
                server.stop()
        finally:
            postgres.stop()
        results["postgres"] = {"millrace": own, "bare": bare, "ratio": round(own["all"]["per_s"] / bare["all"]["per_s"], 3)}
    print(table(results))
    machine = {"cpus": os.cpu_count(), "machine": platform.machine(), "system": platform.system()}
    document = {"accounts": accounts, "deals": deals, "clients": CLIENTS, "seconds": options.seconds, "machine": machine, **results}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "operations.json").write_text(json.dumps(document, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
