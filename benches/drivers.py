"""Driver reports beside wise-pizza on planted causes: what is found, what is made up, how long it takes.

    PINS=drivers.txt sh scripts/python.sh benches/drivers.py [--sets N] [--nulls N] [--records N]

The generator makes records of two periods over a handful of dimensions (uneven shares, levels that
differ by value, in half of the sets a change of everything alike), and plants 1 to 3 disjoint causes of
1 to 3 conditions on at most 40 % of the records, each so strong that its change is the given number
of its own standard errors, the effect included. Those are the errors that the segment's distribution
lets expect, not those of the records drawn: else a small segment could be made to fall by so much only
where it had risen by chance, and the fall would not be seen. Both programs get the same records. A finding is right when its conditions are exactly those of a cause.

wise-pizza has no notion of chance: it is asked for as many segments as there are causes, which it cannot
know in practice (a favour); on the null sets for its default number.
"""

import argparse
import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
KINDS = ["sum", "ratio", "mean", "median"]
EFFECTS = [2, 3, 4, 6, 8, 10, 12]
DIMENSIONS = {"region": 6, "product": 8, "channel": 5, "industry": 10, "size": 4}


def frame(rng, kind, rows, dimensions):
    """Records of two periods without a cause."""
    data = {"period": (rng.random(rows) < 0.5).astype(int), "unit": np.arange(rows)}
    level = np.zeros(rows)
    for name, count in dimensions.items():
        shares = rng.dirichlet(np.full(count, 4.0))
        codes = rng.choice(count, rows, p=shares)
        level += rng.normal(0, 0.25, count)[codes]
        data[name] = codes
    after = data["period"] == 1
    alike = rng.choice([0.0, rng.normal(0, 0.15)])
    level = level + alike * after
    data["level"] = level
    data["below"] = np.ones(rows)
    if kind == "ratio":
        data["level"] = 1 / (1 + np.exp(-(level - 0.3)))
        data["above"] = (rng.random(rows) < data["level"]).astype(float)
    elif kind == "sum":
        data["above"] = np.round(np.exp(level + rng.normal(8, 0.8, rows)), 2)
    else:
        data["above"] = np.round(np.exp(level + rng.normal(3, 0.7, rows)), 3)
    return pd.DataFrame(data)


def members(data, cause):
    mask = np.ones(len(data), bool)
    for name, value in cause.items():
        mask &= (data[name] == value).to_numpy()
    return mask


def solve(errors, effect, most):
    """How strong the effect must be to be so many of its standard errors; nothing where none is."""
    low, high = 0.0, most
    if errors(high) < effect:
        return None
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if errors(middle) < effect else (low, middle)
    return high


def plant(rng, data, kind, causes, effect, dimensions, least):
    """Plants disjoint causes; returns them, or nothing where it did not work out."""
    planted, taken = [], np.zeros(len(data), bool)
    after = (data.period == 1).to_numpy()
    for _ in range(200):
        if len(planted) == causes:
            break
        depth = rng.integers(1, 4)
        names = rng.choice(list(dimensions), depth, replace=False)
        cause = {name: int(rng.integers(dimensions[name])) for name in names}
        mask = members(data, cause)
        before_n, after_n = (mask & ~after).sum(), (mask & after).sum()
        if min(before_n, after_n) < least or (mask & taken).any() or (mask | taken).mean() > 0.4:
            continue
        sign = rng.choice([-1, 1])
        values = data.above.to_numpy()
        if kind == "ratio":
            level = data.level[mask].mean()
            shift = solve(lambda x: abs(x) / np.sqrt(level * (1 - level) / before_n + max((level + x) * (1 - level - x), 1e-9) / after_n), effect, sign * (1 - level if sign > 0 else level))
            moved = data.level + (shift or 0)
            inside = moved[mask & after]
            if shift is None or inside.min() < 0.02 or inside.max() > 0.98:
                continue
            drawn = (rng.random(len(data)) < moved).astype(float)
            data["above"] = np.where(mask & after, drawn, values)
        else:
            # the moments of the lognormal values that the segment lets expect
            middle, spread = (8, 0.8) if kind == "sum" else (3, 0.7)
            expected = np.exp(data.level[mask] + middle + spread**2 / 2)
            mean, square = expected.mean(), (expected**2).mean() * np.exp(spread**2)
            count = (before_n + after_n) / 2
            if kind == "sum":
                error = lambda x: abs(x) * mean * np.sqrt(count / (square * (1 + (1 + x) ** 2)))
            elif kind == "mean":
                error = lambda x: abs(x) * mean * np.sqrt(count / ((square - mean**2) * (1 + (1 + x) ** 2)))
            else:
                # the standard error of the median of lognormal durations, as a logarithm
                spread = 1.2533 * np.log(values[mask]).std() * np.sqrt(1 / before_n + 1 / after_n)
                error = lambda x: abs(np.log1p(x)) / spread
            shift = solve(error, effect, 9.0 if sign > 0 else -0.95)
            if shift is None:
                continue
            data["above"] = np.where(mask & after, np.round(values * (1 + shift), 3), values)
        planted.append(cause)
        taken |= mask
    return planted if len(planted) == causes else None


def write(data, path, dimensions):
    text = data[["period", "unit", "above", "below"]].copy()
    for name in dimensions:
        text[name] = "v" + data[name].astype(str)
    text.to_csv(path, index=False)


def ours(binary, kind, files):
    done = subprocess.run([binary, kind, *files], check=True, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def key(conditions):
    return frozenset((name, str(value)) for name, value in conditions.items())


def found_by_us(answer):
    segments = [part for part in answer["segments"] if part["significant"]]
    parts = answer["segments"] + [answer["rest"]]
    error = abs(sum(part["contribution"] for part in parts) - answer["change"])
    scale = max(abs(answer["change"]), max(abs(part["contribution"]) for part in parts))
    assert error <= 1e-9 * scale, f"the parts do not sum to the change: {error}"
    return [key(part["where"]) for part in segments]


def peer():
    try:
        warnings.filterwarnings("ignore")
        logging.disable(logging.WARNING)
        from wise_pizza import explain_changes_in_average, explain_changes_in_totals
    except ImportError as error:
        print(f"wise-pizza is not here ({error}): ours only", file=sys.stderr)
        return None

    def explain(data, kind, dimensions, segments, depth):
        names = list(dimensions)
        text = data.copy()
        for name in names:
            text[name] = "v" + text[name].astype(str)
        sides = [text[text.period == period] for period in (0, 1)]
        sides = [side.groupby(names, as_index=False)[["above", "below"]].sum() for side in sides]
        options = {"max_segments": segments, "max_depth": depth, "verbose": False}
        call = explain_changes_in_totals if kind == "sum" else explain_changes_in_average
        begun = time.perf_counter()
        with open(os.devnull, "w") as nowhere:
            out, sys.stdout = sys.stdout, nowhere
            try:
                answer = call(*sides, dims=names, total_name="above", size_name="below", **options)
            except ValueError as error:
                # where it is left without a candidate its regression refuses: nothing is found
                if "0 feature(s)" not in str(error):
                    raise
                return [], time.perf_counter() - begun
            finally:
                sys.stdout = out
        seconds = time.perf_counter() - begun
        found = set()
        for segment in answer.segments:
            conditions = {name: value for name, value in segment["segment"].items() if name in names}
            found.add(key(conditions))
        return list(found), seconds

    return explain


def score(found, planted):
    truth = {key({name: f"v{value}" for name, value in cause.items()}) for cause in planted}
    right = len(truth & set(found))
    return right, len(set(found)), len(truth)


def f1(rows):
    right, found, truth = (sum(row[index] for row in rows) for index in range(3))
    return 2 * right / (found + truth) if found + truth else 1.0


def power(binary, explain, sets, rows, seed):
    print(f"\nF1 by effect in standard errors ({sets} sets each, {rows} records, 1 to 3 causes of 1 to 3 conditions)")
    print(f"{'':18}" + "".join(f"{effect:>8}" for effect in EFFECTS))
    worst = {}
    for kind in KINDS:
        rng = np.random.default_rng([seed, KINDS.index(kind)])
        mine, theirs = [], []
        for effect in EFFECTS:
            datas, causes, files = [], [], []
            with tempfile.TemporaryDirectory() as folder:
                while len(datas) < sets:
                    data = frame(rng, kind, rows, DIMENSIONS)
                    planted = plant(rng, data, kind, 1 + len(datas) % 3, effect, DIMENSIONS, 40)
                    if planted is None:
                        continue
                    files.append(f"{folder}/{len(datas)}.csv")
                    write(data, files[-1], DIMENSIONS)
                    datas.append(data)
                    causes.append(planted)
                answers = ours(binary, kind, files)
            scores = [score(found_by_us(answer), planted) for answer, planted in zip(answers, causes)]
            mine.append(f1(scores))
            if os.environ.get("SHOW"):
                for answer, planted, one in zip(answers, causes, scores):
                    if effect >= 8 and one[0] * 2 != one[1] + one[2]:
                        print(kind, effect, planted, [(p["where"], p["significant"], p["probability"]) for p in answer["segments"]], answer["common"])
            # the peer has no medians
            if explain and kind != "median":
                few = list(zip(datas, causes))[: max(3, sets // 4)]
                theirs.append(f1([score(explain(data, kind, DIMENSIONS, len(planted), 3)[0], planted) for data, planted in few]))
        print(f"{kind:8}{'millrace':10}" + "".join(f"{value:8.3f}" for value in mine), flush=True)
        if theirs:
            print(f"{'':8}{'wise-pizza':10}" + "".join(f"{value:8.3f}" for value in theirs), flush=True)
        worst[kind] = min(value for value, effect in zip(mine, EFFECTS) if effect >= 8)
    return worst


def nulls(binary, explain, sets, rows, seed):
    rng = np.random.default_rng(seed)
    print(f"\nsets without a cause in which something is found ({sets} sets each)")
    shares = {}
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            files, datas = [], []
            for index in range(sets):
                datas.append(frame(rng, kind, rows, DIMENSIONS))
                files.append(f"{folder}/{index}.csv")
                write(datas[-1], files[-1], DIMENSIONS)
            answers = ours(binary, kind, files)
        shares[kind] = float(np.mean([len(found_by_us(answer)) > 0 for answer in answers]))
        line = f"{kind:8}{'millrace':10}{shares[kind]:8.3f}"
        if explain and kind != "median":
            few = datas[: max(3, sets // 20)]
            theirs = np.mean([len(explain(data, kind, DIMENSIONS, None, 3)[0]) > 0 for data in few])
            line += f"   wise-pizza{theirs:8.3f}"
        print(line, flush=True)
    return shares


def speed(binary, explain, rows, seed, peer_rows):
    rng = np.random.default_rng(seed)
    dimensions = {f"d{index}": count for index, count in enumerate([30, 20, 15, 12, 10, 8, 6, 4])}
    print(f"\nspeed: {rows} records, 8 dimensions")
    data = frame(rng, "ratio", rows, dimensions)
    planted = plant(rng, data, "ratio", 2, 12, dimensions, 300)
    with tempfile.TemporaryDirectory() as folder:
        write(data, f"{folder}/records.csv", dimensions)
        begun = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        answer = ours(binary, "ratio", [f"{folder}/records.csv"])[0]
        processor = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - begun
    right, found, truth = score(found_by_us(answer), planted)
    print(f"millrace, depth 3, with significance: {answer['seconds']:.2f} s, {answer['searched']} segments searched, {right} of {truth} causes found, {found - right} others")
    print(f"millrace, processor time with reading the file: {processor:.1f} s")
    if explain:
        part = data.iloc[:peer_rows]
        begun = time.process_time()
        found, seconds = explain(part, "ratio", dimensions, 2, 2)
        processor = time.process_time() - begun
        print(f"wise-pizza, processor time: {processor:.1f} s")
        print(f"wise-pizza, depth 2, {len(part)} records: {seconds:.1f} s; that is {seconds / answer['seconds']:.0f} times as long")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=60)
    parser.add_argument("--nulls", type=int, default=200)
    parser.add_argument("--rows", type=int, default=8000, help="records of a set of the power curve")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--peer-records", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--no-peer", action="store_true")
    options = parser.parse_args()
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    build = ["cargo", "build", "--release", "--package", "millrace-models", "--example", "drivers"]
    subprocess.run(build, check=True, cwd=ROOT)
    binary = f"{target}/release/examples/drivers"
    explain = None if options.no_peer else peer()
    if options.sets:
        power(binary, explain, options.sets, options.rows, options.seed)
    if options.nulls:
        nulls(binary, explain, options.nulls, options.rows, options.seed + 1)
    if options.records:
        speed(binary, explain, options.records, options.seed + 2, options.peer_records)


if __name__ == "__main__":
    main()
