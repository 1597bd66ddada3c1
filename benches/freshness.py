"""How soon a write is in the numbers: 200 writes a second through the API of a served demo company.

    MILLRACE=bin/millrace python benches/freshness.py [--rate 200] [--seconds 60]

Half of the writes enter a deal of 1,000,000.00, half raise the amount of one by 1.00; `open_amount` of
`POST /api/query` is asked for over and over. What it has grown by says how many writes of both kinds
are in it: millions count the deals, ones the raises. A write's delay is the time from its answer to
the answer of the first question whose number holds as many writes of its kind as had been answered
until then, its own among them. The aim is a 95th percentile of at most 2 seconds.

With `--database postgres://…` operations are kept there; `--database temporary` makes a durable cluster
for the run. Prints a table, and writes it into benches/results/freshness.json, or freshness-postgresql.json.
"""

import argparse
import bisect
import http.client
import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from run import CACHE, HERE, Failed, Millrace, Server, say

WRITERS = 8
DEAL = 1_000_000
ASKED = {"metrics": ["open_amount"], "by": []}


class Client:
    """One connection with a token."""

    def __init__(self, server: Server, token: str) -> None:
        self.connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def send(self, method: str, path: str, body: dict, **more: str) -> dict:
        """One request; an answer that is no success ends the bench."""
        headers = self.headers | {name.replace("_", "-"): value for name, value in more.items()}
        self.connection.request(method, path, json.dumps(body), headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise Failed(f"{method} {path}: {answer.status} {text[:300]}")
        return json.loads(text)


class Written:
    """When writes of either kind were answered."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.deals: list[float] = []
        self.raises: list[float] = []
        self.failed: list[BaseException] = []


def write(client: Client, account: int, rate: float, until: float, offset: float, written: Written) -> None:
    """Enters a deal, raises its amount, and so on, at a steady rate."""
    try:
        due = time.perf_counter() + offset
        deal = None
        while due < until:
            time.sleep(max(0.0, due - time.perf_counter()))
            if deal is None:
                body = {"name": "阀门项目", "account_id": account, "amount": DEAL * 100}
                deal = client.send("POST", "/api/opportunities", body)["record"]
                done, kind = time.perf_counter(), written.deals
            else:
                body = {"amount": DEAL * 100 + 100}
                client.send("PATCH", f"/api/opportunities/{deal['id']}", body, If_Match=f'"{deal["version"]}"')
                done, kind, deal = time.perf_counter(), written.raises, None
            with written.lock:
                kind.append(done)
            due += 1 / rate
    except BaseException as error:
        written.failed.append(error)
        raise


def number(client: Client) -> tuple[int, dict]:
    """The sum of what is open, in whole yuan, and the answer."""
    answer = client.send("POST", "/api/query", ASKED)
    return round(float(answer["rows"][0]["open_amount"] or 0)), answer


def delays(answered: list[float], seen: list[tuple[float, int]]) -> list[float]:
    """Of each write: from its answer to the first number that holds so many writes."""
    answered = sorted(answered)
    counts = [count for _, count in seen]
    found = []
    for place, at in enumerate(answered, 1):
        first = bisect.bisect_left(counts, place)
        found.append(max(0.0, seen[first][0] - at))
    return found


def percentile(values: list[float], share: float) -> float:
    """By the nearest rank."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def measure(server: Server, rate: int, seconds: int) -> dict:
    """Writes and asks."""
    scopes = [{"entity": entity, "action": action} for entity in ("account", "opportunity", "order") for action in ("create", "read", "update")]
    token = server.send("POST", "/api/tokens", {"name": "bench", "scopes": scopes})[0]["token"]
    asking = Client(server, token)
    account = asking.send("POST", "/api/accounts", {"name": "基准机械有限公司", "region": "华东"})["record"]["id"]
    clients = [Client(server, token) for _ in range(WRITERS)]
    before, _ = number(asking)
    written = Written()
    until = time.perf_counter() + seconds
    each = rate / WRITERS
    cpu = server.cpu_s()
    threads = [
        threading.Thread(target=write, args=(client, account, each, until, place / rate, written), daemon=True)
        for place, client in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    deals: list[tuple[float, int]] = []
    raises: list[tuple[float, int]] = []
    sets = set()
    asked = []
    while True:
        started = time.perf_counter()
        value, answer = number(asking)
        at = time.perf_counter()
        asked.append(at - started)
        sets.add(json.dumps(answer["versions"], sort_keys=True))
        grown = value - before
        deals.append((at, grown // DEAL))
        raises.append((at, grown % DEAL))
        if written.failed:
            raise Failed(f"a write failed: {written.failed[0]}")
        with written.lock:
            complete = deals[-1][1] == len(written.deals) and raises[-1][1] == len(written.raises)
        if complete and at > until and not any(thread.is_alive() for thread in threads):
            break
        if at > until + 120:
            raise Failed(f"two minutes after the last write {deals[-1][1]} of {len(written.deals)} deals are in the number")
        time.sleep(0.02)
    all_delays = delays(written.deals, deals) + delays(written.raises, raises)
    return {
        "writes": len(written.deals) + len(written.raises),
        "per_s": round((len(written.deals) + len(written.raises)) / seconds, 1),
        "delay_s": {name: round(percentile(all_delays, share), 3) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))},
        "longest_s": round(max(all_delays), 3),
        "sets": len(sets),
        "questions": len(asked),
        "question_ms": {name: round(percentile(asked, share) * 1000, 1) for name, share in (("p50", 0.5), ("p95", 0.95))},
        "cpu_s": round(server.cpu_s() - cpu, 1),
    }


@contextmanager
def cluster() -> Iterator[str]:
    """The address of a PostgreSQL of the bench's own, which keeps what it answered."""
    script = ["sh", str(HERE.parent / "scripts" / "postgres.sh"), "fsync = on", "shared_buffers = '512MB'", "max_wal_size = '4GB'"]
    process = subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        socket = process.stdout.readline().strip()
        if not socket:
            raise Failed("PostgreSQL is not installed (on Debian: apt-get install postgresql)")
        yield f"postgres://postgres@localhost/postgres?host={socket}"
    finally:
        process.stdin.close()
        process.wait()


def main() -> int:
    """Runs the bench."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--accounts", type=int, default=800, help="of the demo company")
    parser.add_argument("--database", help="a PostgreSQL, or `temporary` for one of its own; else SQLite in the data directory")
    parser.add_argument("--millrace", default=os.environ.get("MILLRACE", str(HERE.parent / "bin" / "millrace")))
    parser.add_argument("--out", type=Path, default=HERE / "results")
    options = parser.parse_args()

    if options.database == "temporary":
        try:
            with cluster() as options.database:
                return bench(options)
        except Failed as failure:
            say(str(failure))
            return 1
    return bench(options)


@contextmanager
def served(options: argparse.Namespace, name: str) -> Iterator[tuple[Server, Millrace, Path]]:
    """A demo company and its server in a folder of the cache, which is removed afterwards."""
    work = CACHE / name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    millrace = Millrace(options.millrace, work / "data")
    if options.database:
        millrace.environment["MILLRACE_DATABASE_URL"] = options.database
    try:
        millrace.init()
        say("making the demo company")
        made = millrace.run("--format", "json", "demo", "--accounts", str(options.accounts), "--months", "24", "--seed", "1")
        millrace.password = json.loads(made[1])["password"]
        server = Server(millrace)
        try:
            yield server, millrace, work
        finally:
            server.stop()
    finally:
        shutil.rmtree(work, ignore_errors=True)


def bench(options: argparse.Namespace) -> int:
    """Makes the company, measures, and tells."""
    try:
        with served(options, "freshness") as (server, _, _):
            say(f"{options.rate} writes a second for {options.seconds} s")
            result = measure(server, options.rate, options.seconds)
    except Failed as failure:
        say(str(failure))
        return 1

    delay = result["delay_s"]
    print(f"{result['writes']:,} writes, {result['per_s']:.0f} a second, {result['sets']} published sets")
    print(f"from an answered write to the number: p50 {delay['p50']:.2f} s, p95 {delay['p95']:.2f} s, p99 {delay['p99']:.2f} s, longest {result['longest_s']:.2f} s")
    print(f"{result['questions']:,} questions meanwhile: p50 {result['question_ms']['p50']:.0f} ms, p95 {result['question_ms']['p95']:.0f} ms; {result['cpu_s']:.0f} s of CPU")
    options.out.mkdir(parents=True, exist_ok=True)
    document = {"cores": os.cpu_count(), "machine": platform.machine(), "database": "postgresql" if options.database else "sqlite", **result}
    name = "freshness-postgresql" if options.database else "freshness"
    (options.out / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
