"""Runs a process and tells what it took: python benches/measure.py FILE COMMAND…

Writes wall and CPU seconds and peak memory as JSON into FILE. It is a process of its own because the
peak that Linux tells of a process is at least what the one that started it held at that moment, and a
bench that has compared ten million rows holds much.
"""

import json
import os
import subprocess
import sys
import time


def main() -> int:
    """Ends as the process did."""
    file, *command = sys.argv[1:]
    started = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}
    with open(file, "w", encoding="utf-8") as out:
        json.dump(cost, out)
    # A process that was ended by a signal has no status of its own.
    return process.returncode if process.returncode >= 0 else 1


if __name__ == "__main__":
    sys.exit(main())
