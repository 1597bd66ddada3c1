"""What the notebooks share: where the lake is, the newest published set, the API and the command.

    import millrace
    company = millrace.connect()
    company.table("orders")                 # the mart as a polars LazyFrame, at the published version
    company.query("win_rate", by="region")  # the registry's answer

Where things are is told by the environment: `MILLRACE_LAKE_URL` (a folder or s3://…, else `lake` in
`MILLRACE_DATA_DIR`), `MILLRACE_URL` and `MILLRACE_TOKEN` of the API, and `MILLRACE`, the program. Of a
demo company `MILLRACE_LOGINS`, the JSON that `millrace demo --format json` prints, stands in for the token.

The folder of the lake knows no scopes: who can read it sees all records. The API answers with what
the token's role may see, so with another role's token the checks say that the numbers differ.
"""

import datetime
import json
import math
import os
import shutil
import subprocess
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

import deltalake
import duckdb
import polars

HERE = Path(__file__).resolve().parent
TOLERANCE = 1e-9


class Unreachable(Exception):
    """Something that the notebooks need is not there; the message says how to name it."""


class Moved(Exception):
    """Tables were published after `connect`; run the notebook again from the top."""


class Differs(AssertionError):
    """A number of the notebook is not the registry's."""


def connect() -> "Company":
    """The company that the environment names, at its newest published set."""
    data = Path(os.environ.get("MILLRACE_DATA_DIR", HERE.parent / "millrace-data")).resolve()
    lake = os.environ.get("MILLRACE_LAKE_URL") or str(data / "lake")
    url = os.environ.get("MILLRACE_URL", "http://127.0.0.1:7300").rstrip("/")
    return Company(lake, data, url, os.environ.get("MILLRACE_TOKEN") or demo_token(url))


class Company:
    """The marts of one published set, and the registry's answers over them."""

    def __init__(self, lake: str, data: Path, url: str, token: str):
        self.lake, self.data, self.url = lake, data, url
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        sets = polars.read_delta(f"{lake}/published").sort("id")
        if sets.is_empty():
            raise Unreachable(f"nothing is published in {lake}: run `millrace run` first")
        self.set: dict = json.loads(sets["body"][-1])
        """`id`, `complete_to`, `versions` by table."""
        status = self.call("GET", "status")
        self.name: str = status["company"]
        self.zone: str = status["zone"]
        """Of days and months; the marts themselves are in UTC."""
        self.first_day = datetime.date.fromisoformat(status["first_day"])
        self.last_day = datetime.date.fromisoformat(status["last_day"])

    # --- the marts

    def marts(self) -> dict[str, int]:
        """The marts of the set and their versions."""
        found = {name.removeprefix("marts/"): version for name, version in self.set["versions"].items()}
        return dict(sorted(found.items()))

    def delta(self, mart: str) -> deltalake.DeltaTable:
        """A mart as delta-rs opens it, at the version of the set."""
        return deltalake.DeltaTable(f"{self.lake}/marts/{mart}", version=self.marts()[mart])

    def table(self, mart: str) -> polars.LazyFrame:
        """A mart for polars, at the version of the set."""
        return polars.scan_delta(f"{self.lake}/marts/{mart}", version=self.marts()[mart])

    def sql(self, statement: str, parameters: Iterable[object] = ()) -> polars.DataFrame:
        """What DuckDB answers over the marts that the statement names, at the versions of the set.
        Days and months are the company's."""
        with duckdb.connect() as connection:
            connection.execute(f"SET TimeZone = '{self.zone}'")
            for mart in self.marts():
                if mart in statement:
                    connection.register(mart, self.delta(mart).to_pyarrow_table())
            return polars.from_arrow(connection.sql(statement, params=list(parameters)).to_arrow_table())

    def stages(self) -> dict[str, str]:
        """The stages of the pipelines in their order, and what they are called in Chinese."""
        rows = self.call("GET", "stages?limit=100")["rows"]
        return {row["code"]: row["name_zh"] for row in sorted(rows, key=lambda row: (row["pipeline_id"], row["position"]))}

    # --- the registry

    def query(
        self,
        metrics: str | Iterable[str],
        by: str | Iterable[str] = (),
        where: Mapping[str, object] | None = None,
        period: tuple[object, object] | None = None,
        **more: object,
    ) -> dict:
        """`POST /api/query`: `rows`, `total`, `as_of` and `versions`. `where` holds a value or a list
        for each dimension; `period` the first and the last day; `more` is `compare`, `order`, `limit`."""
        return self.known(self.call("POST", "query", question(metrics, by, where, period, **more)))

    def drill(self, metric: str, where: Mapping[str, object] | None = None, period: tuple[object, object] | None = None, limit: int = 100) -> dict:
        """`POST /api/drill`: a page of `rows`, and `count`, `sum` and `value` of all."""
        body = {"query": question(metric, (), where, period), "limit": limit}
        return self.known(self.call("POST", "drill", body))

    def drivers(self, metric: str, by: str | Iterable[str], period: tuple[object, object], **more: object) -> dict:
        """`POST /api/drivers`: what moved the number."""
        body = {"metric": metric, "by": words(by), "period": span(period), **more}
        return self.known(self.call("POST", "drivers", body))

    def metric(self, name: str) -> dict:
        """The declaration of a metric as the registry tells it."""
        found = [metric for metric in self.metrics() if metric["name"] == name]
        if not found:
            raise KeyError(f"the registry has no metric {name}")
        return found[0]

    def metrics(self) -> list[dict]:
        """All declarations."""
        return self.call("GET", "metrics")["metrics"]

    def command(self, *arguments: object) -> dict:
        """What `millrace … --format json` prints."""
        program = os.environ.get("MILLRACE") or os.environ.get("MILLRACE_BIN") or HERE.parent / "bin" / "millrace"
        if not shutil.which(program):
            raise Unreachable(f"the program {program} is not there: name it in MILLRACE")
        words = [str(program), "--data-dir", str(self.data), "--format", "json", *map(str, arguments)]
        done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
        if done.returncode != 0:
            raise Unreachable(f"millrace {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return self.known(json.loads(done.stdout))

    def call(self, method: str, path: str, body: object = None) -> dict:
        """One request."""
        return send(method, f"{self.url}/api/{path}", body, self.headers)[0]

    def known(self, answer: dict) -> dict:
        """The answer, if it was made from the tables that this company reads."""
        versions = self.marts()
        newer = {mart: version for mart, version in answer.get("versions", {}).items() if versions.get(mart) != version}
        if newer:
            raise Moved(f"the answer is of {newer}, this notebook of {({mart: versions.get(mart) for mart in newer})}: run it again")
        if answer.get("closed_months"):
            months = ", ".join(answer["closed_months"])
            warnings.warn(f"closed months keep their numbers, the marts go on: {months} may differ", stacklevel=3)
        return answer


def words(of: str | Iterable[str]) -> list[str]:
    """`"a,b"` and `["a", "b"]` alike."""
    return [word.strip() for word in of.split(",")] if isinstance(of, str) else list(of)


def span(period: tuple[object, object] | None) -> dict | None:
    """A first and a last day, both in it."""
    return None if period is None else {"from": str(period[0]), "to": str(period[1])}


def question(
    metrics: str | Iterable[str],
    by: str | Iterable[str],
    where: Mapping[str, object] | None,
    period: tuple[object, object] | None,
    **more: object,
) -> dict:
    """The query object of the API."""
    conditions = [
        {"dimension": name, "op": "in", "values": [value] if isinstance(value, str) else list(value)}
        for name, value in (where or {}).items()
    ]
    return {"metrics": words(metrics), "by": words(by) if by else [], "where": conditions, "period": span(period), **more}


def send(method: str, url: str, body: object, headers: Mapping[str, str]) -> tuple[dict, str]:
    """One request: the answer, and the cookie that it sets."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, dict(headers), method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return json.loads(text) if text else {}, (answer.headers["Set-Cookie"] or "").split(";")[0]
    except urllib.error.HTTPError as refused:
        raise Unreachable(f"{method} {url}: {refused.code} {refused.read().decode()}") from refused
    except urllib.error.URLError as error:
        raise Unreachable(f"no server at {url} ({error.reason}): start `millrace serve`, or name it in MILLRACE_URL") from error


def demo_token(url: str) -> str:
    """A token for a day, of the first user of a demo company that sees all."""
    logins = os.environ.get("MILLRACE_LOGINS")
    if not logins:
        raise Unreachable(
            "no token: name one in MILLRACE_TOKEN (docs/API_GUIDE.md says how to make it), or the logins of a demo company in MILLRACE_LOGINS"
        )
    known = json.loads(Path(logins).read_text(encoding="utf-8"))
    name = next(login["username"] for login in known["logins"] if login["role"] == "administrator")
    headers = {"Content-Type": "application/json"}
    me, cookie = send("POST", f"{url}/api/session", {"username": name, "password": known["password"]}, headers)
    if me["must_change_password"]:
        raise Unreachable(f"{name} must change the password first: sign in at {url}")
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    token = {
        "name": "notebooks",
        "scopes": [{"entity": "*", "action": action} for action in ("read", "export")],
        "expires_at": tomorrow.isoformat(),
    }
    trusted = {**headers, "Cookie": cookie, "X-CSRF-Token": me["csrf_token"]}
    return send("POST", f"{url}/api/tokens", token, trusted)[0]["token"]


# --- checks


def same(what: str, own: object, registry: object, tolerance: float = TOLERANCE) -> None:
    """Says that a number of the notebook is the registry's.

    Numbers may differ by `tolerance` of their size, because sums of floating-point numbers depend on
    their order; null equals null only.

    # Errors

    `Differs` where they are not the same.
    """
    if own is None or registry is None:
        equal = own is registry
    else:
        own, registry = float(own), float(registry)
        equal = math.isclose(own, registry, rel_tol=tolerance, abs_tol=tolerance)
    if not equal:
        raise Differs(f"{what}: {own} in the notebook, {registry} in the registry")
    print(f"✓ {what}: {shown(own)}")


def shown(number: object) -> str:
    """A number to be read."""
    if number is None:
        return "null"
    return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}" if abs(number) >= 100 else f"{number:.4f}"


def same_rows(what: str, own: polars.DataFrame, answer: dict, by: str | list[str], tolerance: float = TOLERANCE) -> None:
    """Says that a table of the notebook is the registry's: the same groups, and in each the same value
    of every column that both have.

    # Errors

    `Differs` where a group is missing or too many, no column is compared, or a value differs.
    """
    keys = [by] if isinstance(by, str) else by

    def groups(rows: Iterable[dict]) -> dict[tuple, dict]:
        return {tuple(row[key] for key in keys): row for row in rows}

    ours, theirs = groups(own.to_dicts()), groups(answer["rows"])
    if ours.keys() != theirs.keys():
        raise Differs(f"{what}: only here {sorted(map(str, ours.keys() - theirs.keys()))}, only in the registry {sorted(map(str, theirs.keys() - ours.keys()))}")
    columns = [name for name in own.columns if name not in keys and any(name in row for row in answer["rows"])]
    if not columns or not ours:
        raise Differs(f"{what}: nothing to compare")
    for group, row in ours.items():
        for name in columns:
            left, right = row[name], theirs[group].get(name)
            equal = left is right if left is None or right is None else math.isclose(float(left), float(right), rel_tol=tolerance, abs_tol=tolerance)
            if not equal:
                raise Differs(f"{what}, {name} of {', '.join(map(str, group))}: {left} in the notebook, {right} in the registry")
    print(f"✓ {what}: {len(ours)} rows × {', '.join(columns)}")


# --- charts

COLOURS = ["#2563a8", "#d9822b", "#3a8f6b", "#b0413e", "#7a5fa8", "#8a8f98", "#c2a83e", "#4aa3c0", "#a0522d", "#5b6b3a"]


def charts() -> None:
    """Charts in a font that has Chinese, as fontconfig finds it."""
    import matplotlib
    from matplotlib import font_manager

    found = ""
    if shutil.which("fc-match"):
        asked = ["fc-match", "--format", "%{file}|%{family[0]}", ":lang=zh-cn"]
        found = subprocess.run(asked, capture_output=True, encoding="utf-8", check=False).stdout
    file, _, _ = found.partition("|")
    if file and Path(file).exists():
        font_manager.fontManager.addfont(file)
        family = font_manager.FontProperties(fname=file).get_name()
        matplotlib.rcParams["font.family"] = [family, "DejaVu Sans"]
    else:
        warnings.warn("no Chinese font is found by fontconfig: install fonts-noto-cjk", stacklevel=2)
    matplotlib.rcParams.update(
        {
            "axes.unicode_minus": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
            "axes.titlelocation": "left",
            "figure.figsize": (10, 4.6),
            "figure.dpi": 100,
            "figure.constrained_layout.use": True,
            "grid.color": "#e6e8eb",
            "legend.frameon": False,
        }
    )

