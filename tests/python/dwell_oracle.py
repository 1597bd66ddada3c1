"""Computes the dwell times of an event log with pandas, independently of Millrace.

    python tests/python/dwell_oracle.py ../shared/data/eventlogs/helpdesk.csv > tests/expected/helpdesk_dwell.json

The rule is the contract's: the events of a case are sorted by time, ties keep file order; an
event of the stage that the case is already in is no transition; a visit lasts from its first
event to the first event of the next stage; the last visit of a case is open and has no dwell.
Mean, median and p90 (linear interpolation) are in calendar hours over finished visits.
"""

import json
import sys
from pathlib import Path

import pandas as pd

CASE, STAGE, TIME = "case:concept:name", "concept:name", "time:timestamp"


def visits(file: Path) -> pd.DataFrame:
    """One row a visit: case, stage, entered, left (NaT while open), dwell in hours."""
    events = pd.read_csv(file, usecols=[CASE, STAGE, TIME], dtype=str)
    events["entered"] = pd.to_datetime(events[TIME], format="ISO8601", utc=True)
    events = events.sort_values([CASE, "entered"], kind="stable")
    before = events.groupby(CASE, sort=False)[STAGE].shift()
    rows = events[before != events[STAGE]].copy()
    rows["left"] = rows.groupby(CASE, sort=False)["entered"].shift(-1)
    seconds = (rows["left"] - rows["entered"]).dt.total_seconds()
    return rows.assign(dwell=seconds / 3600)


def summary(dwell: pd.Series) -> dict:
    """n, mean, median and p90 of the finished visits."""
    return {
        "n": int(dwell.size),
        "mean": float(dwell.mean()),
        "median": float(dwell.median()),
        "p90": float(dwell.quantile(0.9)),
    }


def main(path: str) -> None:
    """Prints the values as JSON, with how they were made."""
    file = Path(path)
    rows = visits(file)
    finished = rows.dropna(subset=["dwell"])
    answer = {
        "made_by": f"tests/python/dwell_oracle.py with pandas {pd.__version__}",
        "file": f"eventlogs/{file.name}",
        "rule": " ".join(__doc__.split("\n\n")[2].split()),
        "visits": len(rows),
        "open_visits": len(rows) - len(finished),
        "overall": summary(finished["dwell"]),
        "by_stage": {
            stage: summary(group) for stage, group in finished.groupby(STAGE)["dwell"]
        },
    }
    json.dump(answer, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main(sys.argv[1])
