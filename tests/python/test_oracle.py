"""The expected dwell times are those that the oracle computes today."""

import json
import os
from pathlib import Path

import dwell_oracle
import pytest

ROOT = Path(__file__).resolve().parents[2]
LOGS = Path(os.environ.get("MILLRACE_TEST_DATA") or ROOT / ".." / "shared" / "data") / "eventlogs"


@pytest.mark.parametrize("log", ["helpdesk", "receipt"])
def test_expected_values_are_fresh(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = LOGS / f"{log}.csv"
    if not file.exists():
        pytest.skip("no event logs in the test data (set MILLRACE_TEST_DATA)")
    dwell_oracle.main(str(file))
    found = json.loads(capsys.readouterr().out)
    expected = json.loads((ROOT / "tests" / "expected" / f"{log}_dwell.json").read_text())
    for answer in (found, expected):
        answer.pop("made_by")
    assert found == expected
