"""What the OpenAPI document says is what the server does: schemathesis calls every operation with
all its checks, once as a sales rep and once as the administrator.

`MILLRACE_API_EXAMPLES` says how many examples an operation gets (2 without it, the same each time;
when it is given, others each time).
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ACTIONS = ["create", "read", "update", "delete", "export", "claim", "assign"]
# What would end the token under which all of it runs, or lock its user out of their role.
LEFT_OUT = r"^/api/(session|sessions|password)$"


class Server:
    """A served company of its own."""

    def __init__(self, url: str):
        self.url = url

    def call(self, method: str, path: str, body: object = None, headers: dict | None = None) -> dict:
        """The answer, with the headers as `headers`; fails the test when the server refuses."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", **(headers or {})},
        )
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return {"body": json.loads(text) if text else None, "headers": answer.headers}

    def token(self, username: str, password: str) -> str:
        """Signs in for the first time and gives a token for all that the user may do."""

        def session(answer: dict) -> dict:
            return {"Cookie": answer["headers"]["Set-Cookie"].split(";")[0]}

        def trusted(cookie: dict) -> dict:
            me = self.call("GET", "/api/session", headers=cookie)["body"]
            return {**cookie, "X-CSRF-Token": me["csrf_token"]}

        signed = self.call("POST", "/api/session", {"username": username, "password": password})
        headers = trusted(session(signed))
        if signed["body"]["must_change_password"]:
            new = "gauge valve flange 42"
            change = {"old": password, "new": new}
            changed = self.call("PUT", "/api/password", change, headers)
            headers = trusted(session(changed))
        scopes = [{"entity": "*", "action": action} for action in ACTIONS]
        made = self.call("POST", "/api/tokens", {"name": "test", "scopes": scopes}, headers)
        return made["body"]["token"]


def bearer(token: str) -> dict:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str]]]:
    """A server with a few records, and the tokens of a rep and of the administrator."""
    program = os.environ.get("MILLRACE_BIN") or os.environ.get("MILLRACE")
    assert program, "MILLRACE_BIN must name the built millrace program, e.g. bin/millrace"
    program = str(Path(program).resolve())
    folder = tmp_path_factory.mktemp("api")
    command = [program, "--data-dir", str(folder / "data"), "--quiet"]
    made = subprocess.run(
        [*command, "--format", "json", "init"], capture_output=True, encoding="utf-8", check=True
    )
    administrator = json.loads(made.stdout)["administrator"]
    log = folder / "log"
    serving = [program, "--data-dir", str(folder / "data"), "serve", "--no-jobs"]
    with log.open("w") as out:
        server = subprocess.Popen([*serving, "--listen", "127.0.0.1:0"], stdout=out, stderr=out)
    try:
        found = None
        while found is None:
            assert server.poll() is None, log.read_text()
            found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        company = Server(found.group())
        root = company.token(administrator["username"], administrator["password"])
        rep = company.token("rep", new_rep(company, bearer(root)))
        work(company, bearer(rep))
        for step in ["ingest", "run"]:
            subprocess.run([*command, step], check=True, capture_output=True)
        yield company, {"rep": rep, "administrator": root}
    finally:
        server.terminate()
        server.wait()


def new_rep(company: Server, administrator: dict) -> str:
    """Makes a rep in a team; gives the password to begin with."""
    roles = company.call("GET", "/api/roles?limit=100", headers=administrator)["body"]["rows"]
    role = next(role["id"] for role in roles if role["code"] == "rep")
    team = company.call("POST", "/api/teams", {"name": "East"}, administrator)["body"]["record"]
    person = {"username": "rep", "name": "Rep", "role_id": role, "team_id": team["id"]}
    return company.call("POST", "/api/users", person, administrator)["body"]["password"]


def work(company: Server, rep: dict) -> None:
    """A few records to work with."""

    def make(path: str, **fields: object) -> int:
        return company.call("POST", path, fields, rep)["body"]["record"]["id"]

    for name in ["Gate Valves", "Pumps and Pipes", "Boilers"]:
        account = make("/api/accounts", name=name, region="East")
        contact = make("/api/contacts", account_id=account, name="Li")
        make("/api/opportunities", name=f"{name} 1", account_id=account, contact_id=contact)
        make("/api/todos", title="call back", account_id=account)
        make("/api/tickets", kind="complaint", title="leaks", account_id=account)
        make("/api/private-notes", body="between us", account_id=account)


@pytest.mark.parametrize("role", ["rep", "administrator"])
def test_the_server_does_what_its_document_says(
    tokens: tuple[Server, dict[str, str]], role: str, tmp_path: Path
) -> None:
    company, by_role = tokens
    examples = os.environ.get("MILLRACE_API_EXAMPLES")
    chosen = [] if examples else ["--generation-deterministic"]
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={Path(__file__).with_name('schemathesis.toml')}",
            "run",
            f"{company.url}/api/openapi.json",
            "--header",
            f"Authorization: Bearer {by_role[role]}",
            "--checks=all",
            f"--max-examples={examples or 2}",
            f"--exclude-path-regex={LEFT_OUT}",
            # The token is in the header; a made-up cookie beside it says nothing.
            "--generation-with-security-parameters=false",
            "--workers=2",
            "--max-failures=20",
            "--warnings=off",
            "--suppress-health-check=all",
            "--request-timeout=30",
            *chosen,
        ],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "150"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # The token still opens everything: nothing of it was answered by a mere 401.
    company.call("GET", "/api/accounts", headers=bearer(by_role[role]))
