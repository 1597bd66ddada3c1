"""The peer's side of the bench: DuckDB doing the same work, in a process of its own.

    python benches/peer.py visits INPUT_DIR CALENDAR OUT_FILE [--columns all|contract]
    python benches/peer.py query MART_FILES.json NAME REPEATS
    python benches/peer.py check MART_FILES.json PEER_FILE

Prints one JSON document. Two threads, DuckDB's defaults otherwise, apart from
`preserve_insertion_order`, which is off as it only costs time and memory here.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

THREADS = 2

# Stages in order; ends without a place in the pipeline have 0.
POSITIONS = "(VALUES ('lead', 1), ('first_contact', 2), ('requirements', 3), ('quotation', 4), ('signing', 5), ('won', 6), ('delivery_payment', 7)) AS pipeline(stage, position)"

# Working hours up to a moment: those of the days before it (a table by day) and those of its own
# day, 9:00-12:00 and 13:30-18:00. The two halves of `visits` differ by these sums.
VISITS = """
WITH transitions AS (
  SELECT opportunity_id, stage, changed_at, changed_by, file_row_number AS place
  FROM (
    SELECT *, lag(stage) OVER (PARTITION BY opportunity_id ORDER BY changed_at, file_row_number) AS before
    FROM read_parquet('{input}/events.parquet', file_row_number = true)
  )
  WHERE before IS DISTINCT FROM stage
),
timed AS (
  SELECT t.*, {positions_column}
    (epoch_us(changed_at) + 28800000000) // 86400000000 AS day,
    ((epoch_us(changed_at) + 28800000000) % 86400000000) / 3.6e9 AS hour
  FROM transitions t {positions_join}
),
worked AS (
  SELECT timed.*, hours_before
    + CASE WHEN working THEN greatest(0, least(hour, 12) - 9) + greatest(0, least(hour, 18) - 13.5) ELSE 0 END AS worked
  FROM timed JOIN working_days USING (day)
),
visits AS (
  SELECT opportunity_id, stage, changed_at AS entered_at, changed_by AS entered_by, {position}
    row_number() OVER deal::INTEGER AS visit,
    lead(changed_at) OVER deal AS left_at,
    lead(stage) OVER deal AS next_stage,
    (epoch_us(lead(changed_at) OVER deal) - epoch_us(changed_at)) / 3.6e9 AS dwell_hours,
    lead(worked) OVER deal - worked AS dwell_business_hours {later}
  FROM worked
  WINDOW deal AS (PARTITION BY opportunity_id ORDER BY changed_at, place)
) {totals}
SELECT v.opportunity_id, v.visit, v.stage, v.entered_at, v.left_at, v.next_stage, v.dwell_hours,
  v.dwell_business_hours, {more} o.owner_id AS owner, u.team, o.owner_id AS current_owner,
  u.team AS current_team, o.account_id, a.region, a.industry, o.product
FROM {from} v
LEFT JOIN read_parquet('{input}/opportunities.parquet') o USING (opportunity_id)
LEFT JOIN read_parquet('{input}/accounts.parquet') a USING (account_id)
LEFT JOIN read_parquet('{input}/users.parquet') u ON u.user_id = o.owner_id
"""

TOTALS = """,
summed AS (
  SELECT *,
    coalesce(sum(dwell_hours) OVER earlier, 0) AS prior_hours,
    coalesce(sum(dwell_business_hours) OVER earlier, 0) AS prior_business_hours,
    row_number() OVER same = 1 AS first_entry
  FROM visits
  WINDOW same AS (PARTITION BY opportunity_id, stage ORDER BY visit),
    earlier AS (PARTITION BY opportunity_id, stage ORDER BY visit ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)"""

MORE = """v.prior_hours, v.prior_business_hours, v.first_entry,
  CASE WHEN v.first_entry THEN CASE v.position {cases} END END AS advanced_at,
  v.entered_by, o.amount, a.segment, u.manager, false AS late_entry,
  coalesce(strftime(make_timestamp(epoch_us(v.left_at) + 28800000000), '%Y-%m'), 'open') AS left_month, """


def visits_sql(source: str, columns: str) -> str:
    """The visits of the events: the columns of the mart, or only those that the contract names."""
    if columns == "contract":
        return VISITS.format(
            input=source, positions_column="", positions_join="", position="", later="", totals="", more="", **{"from": "visits"}
        )
    later = "".join(
        f""",
    min(CASE WHEN position >= {p} THEN changed_at END) OVER (deal ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS reached_{p}"""
        for p in range(2, 8)
    )
    cases = " ".join(f"WHEN {p} THEN v.reached_{p + 1}" for p in range(1, 7))
    return VISITS.format(
        input=source,
        positions_column="coalesce(position, 0) AS position,",
        positions_join=f"LEFT JOIN {POSITIONS} USING (stage)",
        position="position,",
        later=later,
        totals=TOTALS,
        more=MORE.format(cases=cases),
        **{"from": "summed"},
    )


QUERIES = {
    "stage": """SELECT stage, avg(dwell_hours), median(dwell_hours), count(dwell_hours)
FROM {visits} WHERE dwell_hours IS NOT NULL AND left_at <= TIMESTAMPTZ '2026-11-20 00:00:{repeat:02}+00'
GROUP BY stage ORDER BY stage""",
    # The months are partitions of the mart, so DuckDB reads twelve of them, and that of the finished
    # visits of deals under way.
    "region_month": """SELECT region,
CASE WHEN left_month = 'running' THEN strftime(make_timestamp(epoch_us(left_at) + 28800000000), '%Y-%m') ELSE left_month END AS month,
avg(dwell_hours), median(dwell_hours), count(dwell_hours)
FROM {visits} WHERE dwell_hours IS NOT NULL AND left_at <= TIMESTAMPTZ '2026-11-20 00:00:{repeat:02}+00'
AND industry IN ('电力', '水务', '制药') AND (left_month BETWEEN '2024-07' AND '2025-06' OR left_month = 'running'
AND left_at >= TIMESTAMPTZ '2024-07-01 00:00:00+08' AND left_at < TIMESTAMPTZ '2025-07-01 00:00:00+08')
GROUP BY ALL ORDER BY ALL""",
}

CHECKS = """SELECT count(*), count(left_at), round(sum(dwell_hours), 3), round(sum(dwell_business_hours), 3),
sum(visit), count(advanced_at), count(*) FILTER (first_entry), round(sum(prior_hours), 3), count(DISTINCT opportunity_id),
sum(amount), count(region) FROM {visits}"""


def connect() -> duckdb.DuckDBPyConnection:
    """A connection with the threads of the bench."""
    connection = duckdb.connect()
    connection.execute(f"SET threads = {THREADS}; SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
    return connection


def mart(list_file: str) -> str:
    """The mart as a table function over exactly its files."""
    files = json.loads(Path(list_file).read_text())
    return f"read_parquet({files}, hive_partitioning = true, hive_types_autocast = false)"


def run_visits(source: str, calendar: str, out: str, columns: str) -> dict:
    """(a): events to a visits table on disk."""
    connection = connect()
    started = time.perf_counter()
    connection.execute(f"CREATE TEMP TABLE working_days AS SELECT * FROM read_parquet('{calendar}')")
    sql = visits_sql(source, columns)
    connection.execute(
        f"COPY ({sql}) TO '{out}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 262144)"
    )
    return {"seconds": time.perf_counter() - started}


def run_query(list_file: str, name: str, repeats: int) -> dict:
    """(b), (c): the same question several times on one connection; the first is the cold one."""
    connection = connect()
    visits = mart(list_file)
    seconds, rows = [], []
    for repeat in range(repeats):
        started = time.perf_counter()
        rows = connection.execute(QUERIES[name].format(visits=visits, repeat=repeat)).fetchall()
        seconds.append(time.perf_counter() - started)
    return {"seconds": seconds, "rows": rows}


def run_check(list_file: str, peer_file: str) -> dict:
    """Whether both sides wrote the same visits."""
    connection = connect()
    ours = connection.execute(CHECKS.format(visits=mart(list_file))).fetchone()
    theirs = connection.execute(CHECKS.format(visits=f"read_parquet('{peer_file}')")).fetchone()
    return {"millrace": ours, "duckdb": theirs}


def main(task: str, *arguments: str) -> None:
    """Runs one task."""
    if task == "visits":
        source, calendar, out, columns = arguments
        answer = run_visits(source, calendar, out, columns)
    elif task == "query":
        list_file, name, repeats = arguments
        answer = run_query(list_file, name, int(repeats))
    else:
        answer = run_check(*arguments)
    json.dump(answer, sys.stdout, default=float)


if __name__ == "__main__":
    main(*sys.argv[1:])
