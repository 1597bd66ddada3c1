"""A demo company in a temporary directory, made once by the program under test."""

import json
import os
import subprocess
from pathlib import Path

import pytest


class Company:
    """The data directory of a company and the program that made it."""

    def __init__(self, program: Path, data_dir: Path):
        self.program = program
        self.data_dir = data_dir
        self.lake = data_dir / "lake"

    def run(self, *arguments: str) -> str:
        """What the program writes to stdout; fails the test when the program fails."""
        done = subprocess.run(
            [self.program, "--data-dir", self.data_dir, *arguments],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def query(self, metrics: str, *arguments: str) -> dict:
        """The answer of `query METRICS ARGUMENTS --format json`."""
        return json.loads(self.run("query", metrics, *arguments, "--format", "json"))


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """60 accounts over 8 months. The program is named by MILLRACE_BIN (or MILLRACE)."""
    program = os.environ.get("MILLRACE_BIN") or os.environ.get("MILLRACE")
    if not program:
        pytest.fail("MILLRACE_BIN must name the built millrace program, e.g. bin/millrace")
    company = Company(Path(program).resolve(), tmp_path_factory.mktemp("company"))
    company.run("demo", "--accounts", "60", "--months", "8", "--until", "2026-10-31", "--seed", "7")
    return company
