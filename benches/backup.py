"""What a backup costs: of a served demo company under 200 writes a second through its API, and its restore.

    MILLRACE=bin/millrace python benches/backup.py [--rate 200] [--accounts 4000]

Writers enter accounts at a steady rate. For some seconds nothing else goes on, then a backup is taken by the
command, then it is restored into an empty data directory. Told are the times, the sizes, both per gigabyte
of data, and how long a write took (p50, p95, longest) before and during the backup.

With `--database postgres://…` operations are kept there; the restore goes into SQLite then. Prints a
table, and writes it into benches/results/backup.json.
"""

import argparse
import json
import os
import platform
import sys
import threading
import time
from pathlib import Path

from freshness import WRITERS, Client, percentile, served
from run import HERE, Failed, Millrace, Server, say


class Writing:
    """Writers at a steady rate, until they are told to end."""

    def __init__(self, server: Server, rate: int) -> None:
        scopes = [{"entity": "account", "action": action} for action in ("create", "read")]
        token = server.send("POST", "/api/tokens", {"name": "bench", "scopes": scopes})[0]["token"]
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.took: list[tuple[float, float]] = []
        self.failed: list[BaseException] = []
        self.threads = [
            threading.Thread(target=self.write, args=(Client(server, token), place, rate / WRITERS), daemon=True)
            for place in range(WRITERS)
        ]
        for thread in self.threads:
            thread.start()

    def write(self, client: Client, place: int, rate: float) -> None:
        """Enters accounts."""
        try:
            due = time.perf_counter() + place / rate / WRITERS
            number = 0
            while not self.ended.is_set():
                time.sleep(max(0.0, due - time.perf_counter()))
                began = time.perf_counter()
                client.send("POST", "/api/accounts", {"name": f"基准机械 {place}-{number}", "region": "华东"})
                with self.lock:
                    self.took.append((began, time.perf_counter() - began))
                number += 1
                due = max(due + 1 / rate, began)
        except BaseException as error:
            self.failed.append(error)
            raise

    def between(self, begin: float, end: float) -> dict:
        """How many a second, and how long they took."""
        with self.lock:
            took = [seconds for at, seconds in self.took if begin <= at < end]
        if self.failed:
            raise Failed(f"a write failed: {self.failed[0]}")
        if not took:
            raise Failed("nothing was written")
        shares = {"p50": 0.5, "p95": 0.95, "longest": 1.0}
        found = {name: round(percentile(took, share) * 1000, 1) for name, share in shares.items()}
        return {"per_s": round(len(took) / (end - begin), 1), "ms": found}

    def end(self) -> None:
        """Ends them."""
        self.ended.set()
        for thread in self.threads:
            thread.join()


def size_of(folder: Path) -> int:
    """The bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(server: Server, millrace: Millrace, work: Path, rate: int, seconds: int) -> dict:
    """Writes, takes a backup, and restores it."""
    writing = Writing(server, rate)
    begin = time.perf_counter()
    time.sleep(seconds)
    before = writing.between(begin, time.perf_counter())
    archive = work / "bench.tar.zst"
    begin = time.perf_counter()
    told = json.loads(millrace.run("--format", "json", "backup", str(archive))[1])
    end = time.perf_counter()
    during = writing.between(begin, end)
    writing.end()
    data = told["database"]["bytes"] + told["lake"]["bytes"] + told["attachments"]["bytes"]
    other = Millrace(millrace.binary, work / "restored")
    again = time.perf_counter()
    other.run("--format", "json", "restore", str(archive))
    restored = time.perf_counter() - again
    gigabytes = data / 1e9
    return {
        "rows": told["database"]["rows"],
        "data_bytes": data,
        "archive_bytes": told["bytes"],
        "members": told["members"],
        "backup_s": round(end - begin, 2),
        "backup_s_per_gb": round((end - begin) / gigabytes, 1),
        "pinned_s": round(told["pinned_seconds"], 3),
        "restore_s": round(restored, 2),
        "restore_s_per_gb": round(restored / gigabytes, 1),
        "before": before,
        "during": during,
    }


def main() -> int:
    """Runs the bench."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=15, help="before the backup")
    parser.add_argument("--accounts", type=int, default=4000, help="of the demo company")
    parser.add_argument("--database", help="PostgreSQL; else SQLite in the data directory")
    parser.add_argument("--millrace", default=os.environ.get("MILLRACE", str(HERE.parent / "bin" / "millrace")))
    parser.add_argument("--out", type=Path, default=HERE / "results")
    options = parser.parse_args()

    try:
        with served(options, "backup") as (server, millrace, work):
            say(f"{options.rate} writes a second")
            result = measure(server, millrace, work, options.rate, options.seconds)
    except Failed as failure:
        say(str(failure))
        return 1

    print(f"{result['rows']:,} rows, {result['data_bytes'] / 1e6:,.0f} MB in {result['members']:,} files became {result['archive_bytes'] / 1e6:,.0f} MB")
    print(f"backup {result['backup_s']:.1f} s, of them pinned {result['pinned_s']:.2f} s; restore {result['restore_s']:.1f} s")
    print(f"a gigabyte: backup {result['backup_s_per_gb']:.0f} s, restore {result['restore_s_per_gb']:.0f} s")
    for when in ("before", "during"):
        ms = result[when]["ms"]
        print(f"writes {when}: {result[when]['per_s']:.0f} a second, p50 {ms['p50']:.0f} ms, p95 {ms['p95']:.0f} ms, longest {ms['longest']:.0f} ms")
    options.out.mkdir(parents=True, exist_ok=True)
    document = {"cores": os.cpu_count(), "machine": platform.machine(), "database": "postgresql" if options.database else "sqlite", **result}
    (options.out / "backup.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
