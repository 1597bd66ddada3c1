"""Probabilities of real histories hold as well as those of a perfectly calibrated model would.

The calibration error over ten bins is never nought: with few accounts even true probabilities show
one. How large is told by simulation: the model's own probabilities are taken at their word, and
outcomes drawn from them. The error may be .03, or the 95th percentile of those of the simulation,
whichever is larger.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy
import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("MILLRACE_TEST_DATA") or ROOT / ".." / "shared" / "data")
CUTOFFS = {"cdnow": "1998-03-31", "adventureworks": "2013-08-30"}
DRAWS, BINS, LEAST = 4_000, 10, 0.03


class History:
    """A company whose lake holds one of the histories."""

    def __init__(self, name: str, folder: Path):
        program = os.environ.get("MILLRACE_BIN") or os.environ.get("MILLRACE")
        assert program, "MILLRACE_BIN must name the built millrace program, e.g. bin/millrace"
        self.command = [str(Path(program).resolve()), "--data-dir", str(folder / "data"), "--quiet"]
        text = (ROOT / "tests" / "mappings" / f"{name}.toml").read_text(encoding="utf-8")
        mapping = folder / "mapping.toml"
        mapping.write_text(text.replace('file = "', f'file = "{DATA / name}/'), encoding="utf-8")
        self.run("init")
        self.run("ingest", "--mapping", str(mapping))
        self.run("run", "--full", "orders", "accounts")

    def run(self, *arguments: str) -> str:
        done = subprocess.run([*self.command, *arguments], capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> dict:
        return json.loads(self.run("--format", "json", *arguments))


@pytest.fixture(scope="module", params=CUTOFFS)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict, list[dict]]:
    """The name of a history, its backtest, and its accounts with their probabilities at the cutoff."""
    name = request.param
    if not (DATA / name).is_dir():
        pytest.skip(f"no {DATA / name}: set MILLRACE_TEST_DATA to the test data")
    history = History(name, tmp_path_factory.mktemp(name))
    cutoff = CUTOFFS[name]
    found = history.json("health", "backtest", "--cutoff", cutoff, "--horizon", "91")
    return name, found, history.json("health", "rank", "--as-of", cutoff)["accounts"]


def bins(probabilities: numpy.ndarray) -> list[slice]:
    """Of ascending probabilities, ten bins of equally many, the first ones larger by one."""
    parts = numpy.array_split(numpy.arange(probabilities.size), BINS)
    return [slice(part[0], part[-1] + 1) for part in parts]


def errors_of_the_calibrated(probabilities: numpy.ndarray) -> numpy.ndarray:
    """The calibration errors that these ascending probabilities show when they are true."""
    random = numpy.random.default_rng(20261130)
    errors = numpy.zeros(DRAWS)
    for part in bins(probabilities):
        own = probabilities[part]
        came = (random.random((DRAWS, own.size), dtype=numpy.float32) < own).mean(axis=1)
        errors += numpy.abs(came - own.mean()) * own.size / probabilities.size
    return errors


def check(proven: dict, probabilities: list[float]) -> None:
    own = numpy.sort(numpy.array(probabilities))
    assert own.size == sum(part["accounts"] for part in proven["calibration"])
    # They are the probabilities that the backtest judged.
    means = [own[part].mean() for part in bins(own)]
    assert means == pytest.approx([part["predicted"] for part in proven["calibration"]], abs=1e-9)
    bound = max(LEAST, float(numpy.quantile(errors_of_the_calibrated(own), 0.95)))
    error = proven["calibration_error"]
    assert error <= bound, f"calibration error {error:.4f}, at most {bound:.4f}"


def test_the_probability_of_an_order_holds(told: tuple[str, dict, list[dict]]) -> None:
    _, found, accounts = told
    check(found["probability"], [account["repurchase_probability"] for account in accounts])


def test_what_is_not_calibrated_is_told() -> None:
    random = numpy.random.default_rng(1)
    true = numpy.sort(random.random(632))
    bound = numpy.quantile(errors_of_the_calibrated(true), 0.95)
    assert 0.02 < bound < 0.06
    came = random.random((200, true.size)) < true

    def share_within(predicted: numpy.ndarray) -> float:
        means = numpy.array([predicted[part].mean() for part in bins(true)])
        seen = numpy.stack([came[:, part].mean(axis=1) for part in bins(true)], axis=1)
        sizes = numpy.array([part.stop - part.start for part in bins(true)])
        return float(((numpy.abs(seen - means) * sizes).sum(axis=1) / true.size <= bound).mean())

    assert share_within(true) > 0.9
    assert share_within(true**2) < 0.1, "odds that say too little"
