"""A demo company in a temporary directory, made once by the program under test."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


class Company:
    """The data directory of a company and the program that made it."""

    def __init__(self, program: Path, data_dir: Path):
        self.program = program
        self.data_dir = data_dir
        self.lake = data_dir / "lake"
        self.logins = data_dir.with_name("logins.json")
        """Who may sign in, and with which password; as `demo --format json` prints it."""

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
    """90 accounts over 16 months. The program is named by MILLRACE_BIN (or MILLRACE)."""
    program = os.environ.get("MILLRACE_BIN") or os.environ.get("MILLRACE")
    if not program:
        pytest.fail("MILLRACE_BIN must name the built millrace program, e.g. bin/millrace")
    company = Company(Path(program).resolve(), tmp_path_factory.mktemp("company"))
    size = ["--accounts", "90", "--months", "16", "--until", "2026-10-31", "--seed", "7"]
    company.logins.write_text(company.run("demo", *size, "--format", "json"), encoding="utf-8")
    return company


@pytest.fixture(scope="session")
def served(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of that company; it publishes nothing."""
    log = tmp_path_factory.mktemp("served") / "log"
    command = [company.program, "--data-dir", company.data_dir, "serve", "--no-jobs", "--listen", "127.0.0.1:0"]
    with log.open("w") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        found = None
        while found is None:
            assert server.poll() is None, log.read_text()
            found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        yield found.group()
    finally:
        server.terminate()
        server.wait()
