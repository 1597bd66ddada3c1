"""The bench on a small input: Millrace and DuckDB find the same visits and the same answers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EVENTS = 20_000


def test_both_sides_of_the_bench_agree(tmp_path: Path) -> None:
    binary = os.environ.get("MILLRACE")
    if not binary:
        pytest.skip("MILLRACE names no binary")
    command = [sys.executable, str(ROOT / "benches" / "run.py"), "--millrace", binary, "--events", str(EVENTS)]
    command += ["--repeats", "1", "--questions", "2", "--out", str(tmp_path / "results")]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    lines = json.loads((tmp_path / "results" / f"{EVENTS}.json").read_text())["lines"]
    assert len(lines) == 9
    assert [line["task"][:3] for line in lines].count("(d)") == 1, "a thousand changed events are timed too"
    assert all(line["millrace"]["wall_s"] > 0 for line in lines)
