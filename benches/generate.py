"""Makes the input of the bench: a deterministic stream of stage events and what they refer to.

    python benches/generate.py --events 10000000 --out DIR

Writes into DIR, as Parquet (zstd, 512k rows a row group):

- events.parquet: opportunity_id, stage, changed_at (microseconds, UTC), changed_by; in order of time
- opportunities.parquet: opportunity_id, account_id, owner_id, product, amount, opened_at
- accounts.parquet: account_id, name, region, industry, segment
- users.parquet: user_id, name, team, manager, region

and mapping.toml, which reads them into Millrace. There are four events an opportunity on the
average, 500 events an account and 200 users. About one event in nine goes back a stage, one in
twenty-five repeats the stage that the deal is in. The same number of events and seed give the
same files.
"""

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PIPELINE = ["lead", "first_contact", "requirements", "quotation", "signing"]
ENDS = ["won", "lost", "shelved"]
STAGES = PIPELINE + ENDS
# Median hours in a stage; the spread is log-normal.
MEDIAN_HOURS = np.array([30.0, 70.0, 110.0, 90.0, 60.0, 24.0, 24.0, 24.0])
REGIONS = ["华东", "华南", "华北", "华中", "西南", "西北", "东北"]
INDUSTRIES = ["化工", "电力", "水务", "食品", "制药", "冶金", "造纸", "石油", "暖通", "船舶"]
SEGMENTS = ["直销", "经销", "工程"]
PRODUCTS = [f"P{number:03}" for number in range(120)]
FIRST = np.datetime64("2023-01-01T00:00:00", "us")
LAST_OPENING = np.datetime64("2025-09-30T00:00:00", "us")
MAX_STAY_HOURS = 24 * 50.0
ROW_GROUP = 512 * 1024

MAPPING = """\
system = "bench"
zone = "UTC"

[[source]]
file = "accounts.parquet"
entity = "account"
[source.columns]
id = "account_id"
name = "name"
region = "region"
industry = "industry"
segment = "segment"

[[source]]
file = "users.parquet"
entity = "user"
[source.columns]
id = "user_id"
name = "name"
team = "team"
manager = "manager"
region = "region"

[[source]]
file = "opportunities.parquet"
entity = "opportunity"
[source.columns]
id = "opportunity_id"
account = "account_id"
owner = "owner_id"
product = "product"
amount = "amount"
opened_at = "opened_at"

[[source]]
file = "events.parquet"
entity = "stage_change"
[source.columns]
opportunity = "opportunity_id"
stage = "stage"
changed_at = "changed_at"
by = "changed_by"
"""


def lengths(random: np.random.Generator, events: int, deals: int) -> np.ndarray:
    """Events of each deal, 1 to 7, together exactly `events`."""
    drawn = random.binomial(6, 0.5, deals) + 1
    while (excess := int(drawn.sum()) - events) != 0:
        candidates = np.flatnonzero(drawn > 1) if excess > 0 else np.flatnonzero(drawn < 7)
        chosen = random.choice(candidates, min(abs(excess), candidates.size), replace=False)
        drawn[chosen] -= np.sign(excess)
    return drawn


def names(prefix: str, count: int, width: int) -> pa.Array:
    """`prefix` and a number, as strings."""
    return pa.array([f"{prefix}{number:0{width}}" for number in range(1, count + 1)])


def chosen(values: list[str], codes: np.ndarray) -> pa.Array:
    """The values of codes, as plain strings."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(values)).cast(pa.string())


def write(table: pa.Table, path: Path) -> None:
    """Writes one file; unseen until it is whole."""
    partial = path.with_suffix(".partial")
    pq.write_table(table, partial, compression="zstd", row_group_size=ROW_GROUP)
    partial.replace(path)


def generate(events: int, out: Path, seed: int) -> None:
    """Writes all files."""
    random = np.random.default_rng(seed)
    deals = max(1, events // 4)
    accounts = max(100, events // 500)
    users = 200
    out.mkdir(parents=True, exist_ok=True)

    count = lengths(random, events, deals)
    first = np.concatenate(([0], np.cumsum(count)[:-1]))
    deal = np.repeat(np.arange(deals, dtype=np.int32), count)
    place = np.arange(events) - first[deal]

    step = random.choice(np.array([1, 0, -1], dtype=np.int8), events, p=[0.85, 0.04, 0.11])
    step[first] = 0
    walked = np.cumsum(step, dtype=np.int64)
    stage = np.clip(walked - walked[first][deal], 0, len(PIPELINE) - 1).astype(np.int8)
    # Fewer than one deal in twenty is open.
    ended = random.random(deals) < 0.97
    last = first + count - 1
    ending = last[ended & (count > 1)]
    stage[ending] = len(PIPELINE) + random.choice(3, ending.size, p=[0.4, 0.5, 0.1])

    stay = MEDIAN_HOURS[stage] * random.lognormal(0.0, 0.9, events)
    stay = np.minimum(stay, MAX_STAY_HOURS)
    after = np.concatenate(([0.0], stay[:-1]))
    after[first] = 0.0
    passed = np.cumsum(after)
    hours = passed - passed[first][deal]
    span = (LAST_OPENING - FIRST).astype(np.int64)
    opened = np.sort(random.integers(0, span, deals)) + FIRST.astype(np.int64)
    changed = opened[deal] + (hours * 3.6e9).astype(np.int64) + place
    del step, walked, stay, after, passed, hours, place

    order = np.argsort(changed, kind="stable")
    ids = names("OPP-", deals, 8)
    people = names("U", users, 4)
    owner = random.integers(0, users, deals)
    by = np.where(random.random(events) < 0.9, owner[deal], random.integers(0, users, events))
    utc = pa.timestamp("us", tz="UTC")
    write(
        pa.table(
            {
                "opportunity_id": ids.take(pa.array(deal[order])),
                "stage": chosen(STAGES, stage[order]),
                "changed_at": pa.array(changed[order]).cast(utc),
                "changed_by": people.take(pa.array(by[order])),
            }
        ),
        out / "events.parquet",
    )
    del order, changed, stage, by, deal

    account_ids = names("A", accounts, 6)
    yuan = pa.array(random.lognormal(11.0, 1.0, deals).astype(np.int64))
    amount = yuan.cast(pa.decimal128(21, 2)).cast(pa.decimal128(18, 2))
    write(
        pa.table(
            {
                "opportunity_id": ids,
                "account_id": account_ids.take(pa.array(random.integers(0, accounts, deals))),
                "owner_id": people.take(pa.array(owner)),
                "product": chosen(PRODUCTS, random.integers(0, len(PRODUCTS), deals)),
                "amount": amount,
                "opened_at": pa.array(opened).cast(utc),
            }
        ),
        out / "opportunities.parquet",
    )
    write(
        pa.table(
            {
                "account_id": account_ids,
                "name": names("客户", accounts, 6),
                "region": chosen(REGIONS, random.integers(0, len(REGIONS), accounts)),
                "industry": chosen(INDUSTRIES, random.integers(0, len(INDUSTRIES), accounts)),
                "segment": chosen(SEGMENTS, random.integers(0, len(SEGMENTS), accounts)),
            }
        ),
        out / "accounts.parquet",
    )
    team = np.arange(users) // 10
    write(
        pa.table(
            {
                "user_id": people,
                "name": names("业务员", users, 4),
                "team": pa.array([f"{number + 1} 组" for number in team]),
                "manager": pa.array([f"经理{number + 1:02}" for number in team]),
                "region": chosen(REGIONS, team % len(REGIONS)),
            }
        ),
        out / "users.parquet",
    )
    (out / "mapping.toml").write_text(MAPPING, encoding="utf-8")


def main() -> None:
    """Reads the arguments and generates."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    generate(options.events, options.out, options.seed)


if __name__ == "__main__":
    main()
