"""Proof by use: the OCS server's answer, httpd's environment, and a restart when it is needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
import zlib
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.errors import RunbookError, Unanswered
from engine.model.answer import Answer
from engine.model.cluster import Resource
from engine.secrets import Secret
from runbook.to_4_26.actions.ocs import httpd_restarted
from runbook.to_4_26.httpd import activity, before, online, restapi
from runbook.to_4_26.httpd.checks import _at_the_users, has_ocs_server, ocs_online
from runbook.to_4_26.httpd.database import OCS_DATABASE_IN_USE, databases_in_use, elsewhere
from runbook.to_4_26.httpd.online import HttpAnswer, Started
from runbook.to_4_26.names import CREDENTIALS, OCS_DATABASE, SERVER_CONF
from runbook.to_4_26.presence import Presence
from tests.actions.ocs_nodes import DATA, OTHER, FakeLook, N, Nodes, drive

CURL = """
config=
for argument in "$@"; do [ "$argument" != - ] || config=$(cat); done
echo "$*" >> $BASE/curl.log
case "$*" in *"the word"*) exit 1;; *ocsapi*) cat $BASE/api; exit;; esac
case "$*" in *data-binary*)
  cat > $BASE/posted
  case "$*" in *"/dev/fd/3"*) cat /dev/fd/3 > $BASE/config;; esac
  cat $BASE/answer
  exit;;
esac
if [ -z "$config" ]; then cat $BASE/anonymous; else cat $BASE/agent; fi
[ -z "$config" ] || echo "$config" > $BASE/config
[ ! -e $BASE/fails ] || exit 7
"""

REPLY = zlib.compress(b"<REPLY>\n  <RESPONSE>NO_UPDATE</RESPONSE>\n</REPLY>\n") + b"\n200"
"""What curl prints of a POST that the server has answered: body, then status."""

VARIABLE = "INVENTORY_DB_WORD"
"""What `server-new.conf` has the password from."""


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    made = Nodes(tmp_path, N)
    (tmp_path / N / "root").mkdir()
    made.program("curl", CURL)
    (tmp_path / "answer").write_bytes(REPLY)
    return made


@pytest.fixture
def look(nodes: Nodes) -> FakeLook:
    look = FakeLook(nodes)
    look.resources = [Resource("httpd", "systemd:httpd", "Started", *BOOLEANS, nodes=(N,))]
    look.rows["LOGLEVEL of the OCS server"] = [{"level": 0}]
    return look


BOOLEANS = (True, False, False, True, False)


def endpoint(nodes: Nodes, anonymous: str, agent: str = "") -> HttpAnswer:
    (nodes.base / "anonymous").write_text(anonymous)
    (nodes.base / "agent").write_text(agent)
    query = online.ocs_endpoint("10.0.0.1")
    return query.parse(nodes.run(N, query.argv, query.stdin))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, None),
        (500, "ocs-login-failed"),
        (401, "ocs-endpoint-authentication"),
        (404, "ocs-endpoint-unexpected"),
        (200, "ocs-endpoint-unexpected"),
        (503, "ocs-endpoint-unexpected"),
        (0, "ocs-endpoint-unreachable"),
    ],
)
def test_only_400_is_good(nodes: Nodes, status: int, code: str | None) -> None:
    answer = endpoint(nodes, f"{status:03}")
    posted = (200, "NO_UPDATE") if status == 400 else (None, "")
    assert answer == HttpAnswer(status, "anonymous", "", *posted)
    assert [f.code for f in online.endpoint_findings(answer, N)] == ([code] if code else [])


def test_the_agent_user_asks_when_authentication_is_in_front(nodes: Nodes) -> None:
    nodes.put(N, online.AGENT_PASSWORD_FILE, 'the word "\\ #\nnot this\n')
    answer = endpoint(nodes, "401", "400")
    assert answer == HttpAnswer(400, "agent", "", 200, "NO_UPDATE")
    assert (nodes.base / "config").read_text() == 'user = "agent:the word \\"\\\\ #"\n'
    assert "the word" not in (nodes.base / "curl.log").read_text()
    denied = endpoint(nodes, "401", "401")
    assert [f.code for f in online.endpoint_findings(denied, N)] == ["ocs-endpoint-authentication"]


@pytest.mark.parametrize(
    ("printed", "says"),
    [
        (b"<html>Internal Server Error</html>\n500", "500"),
        (b"<html>nobody\n</html>\n200", "none of an OCS server"),
        (zlib.compress(b"<html/>") + b"\n200", "none of an OCS server"),
        (b"\n413", "413"),
        (b"\n400", "400"),
        (b"\n000", "no answer"),
    ],
)
def test_what_an_agent_would_get_is_asked_too(nodes: Nodes, printed: bytes, says: str) -> None:
    """A server whose Perl lacks a module answers GET with 400, and every POST with 500."""
    (nodes.base / "answer").write_bytes(printed)
    (finding,) = online.endpoint_findings(endpoint(nodes, "400"), N)
    assert finding.code == "ocs-post-failed"
    assert says in finding.observed
    asked = zlib.decompress((nodes.base / "posted").read_bytes()).decode()
    assert "<QUERY>UPDATE</QUERY>" in asked


def test_nothing_is_posted_when_get_has_failed(nodes: Nodes) -> None:
    endpoint(nodes, "500")
    assert not (nodes.base / "posted").exists()


@pytest.mark.parametrize(
    ("failed", "code"), [(True, "ocs-login-failed"), (False, "ocs-endpoint-unexpected")]
)
def test_500_without_a_failed_login_in_the_log_has_another_cause(failed: bool, code: str) -> None:
    """505 is written at every level: without it the login works."""
    seen = activity.Activity(datetime.now(), datetime.now(), our_login_failed=failed)
    (finding,) = online.endpoint_findings(HttpAnswer(500, "anonymous"), N, seen)
    assert finding.code == code


def test_no_connection_is_no_status(nodes: Nodes) -> None:
    (nodes.base / "fails").touch()
    assert endpoint(nodes, "000").status == 0


def test_an_answer_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a status code"):
        online.ocs_endpoint("x").parse(Answer(0, b"<html>", b"", 0.0))


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_api = self.path.startswith("/ocsapi")
        self.send_response(200 if is_api else 400)
        self.end_headers()
        self.wfile.write(b"[1]" if is_api else b"")

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None: ...


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl itself decides")
def test_a_proxy_in_root_s_environment_is_not_asked() -> None:
    """`/etc/environment` often names the one by which packages come."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    away = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    try:
        for query, wanted in (
            (online.ocs_endpoint(f"127.0.0.1:{server.server_port}"), 400),
            (restapi.api("127.0.0.1"), 200),
        ):
            # `host:port` is no IPv6 address; port 80 of the API is answered here, too
            argv = [
                word.replace("http://[", "http://")
                .replace(f"{server.server_port}]", str(server.server_port))
                .replace("http://$1$2", f"http://$1:{server.server_port}$2")
                for word in query.argv
            ]
            done = subprocess.run(
                argv, input=query.stdin or b"", capture_output=True, env=os.environ | away
            )
            answer = query.parse(Answer(done.returncode, done.stdout, done.stderr, 0.0))
            assert answer.status == wanted, answer
    finally:
        server.shutdown()
        server.server_close()


def test_an_ipv6_address_is_bracketed() -> None:
    assert "http://[fd00::1]/ocsinventory" in online.ocs_endpoint("fd00::1").argv


@pytest.mark.parametrize(
    ("found", "says"), [(None, "is not set"), (Secret("other"), "another value")]
)
def test_the_environment_has_to_hold_the_password(found: Secret | None, says: str) -> None:
    (finding,) = online.environment_findings(found, Secret("word"), "V", N)
    assert says in finding.observed
    assert online.environment_findings(Secret("word"), Secret("word"), "V", N) == []


def test_the_environment_of_a_real_process(nodes: Nodes) -> None:
    nodes.program("systemctl", f"echo {os.getpid()}")
    name, value = next(
        (k, v) for k, v in os.environ.items() if k.isidentifier() and v and "\n" not in v
    )
    query = online.process_variable("httpd", name)
    assert query.parse(nodes.run(N, query.argv)) == Secret(value)
    query = online.process_variable("httpd", "SURELY_NOT_SET")
    assert query.parse(nodes.run(N, query.argv)) is None
    nodes.program("systemctl", "echo 0")
    assert query.parse(nodes.run(N, query.argv)) is None


@pytest.mark.parametrize(
    ("started", "changed", "stale"), [(100, 50, False), (100, 99, True), (100, 200, True)]
)
def test_a_process_older_than_its_files_is_stale(started: int, changed: int, stale: bool) -> None:
    assert Started(started, changed).is_stale is stale


def test_start_of_a_real_process(nodes: Nodes) -> None:
    nodes.program("systemctl", f"echo {os.getpid()}")
    nodes.put(N, SERVER_CONF, "x")
    query = online.process_start("httpd", CREDENTIALS, SERVER_CONF)
    seen = query.parse(nodes.run(N, query.argv))
    assert seen is not None
    assert seen.started <= time.time()
    assert abs(seen.changed - nodes.path(N, SERVER_CONF).stat().st_ctime) <= 1


def restarting(nodes: Nodes, before: int, after: int) -> None:
    """httpd's main process has this age in seconds before and after `pcs resource restart`."""
    (nodes.base / "age").write_text(str(before))
    nodes.program("systemctl", "echo 4711")
    nodes.program("ps", "cat $BASE/age")
    nodes.program("pcs", f'[ "$*" = "resource restart httpd" ]; echo {after} > $BASE/age')
    nodes.put(N, CREDENTIALS, "x")


def test_httpd_is_restarted_when_its_files_are_newer(nodes: Nodes, look: FakeLook) -> None:
    restarting(nodes, before=3600, after=0)
    done = drive(nodes, httpd_restarted, look)
    assert [change.argv for change in done.changes] == [("pcs", "resource", "restart", "httpd")]
    assert "new main process" in str(done.said)


def test_httpd_is_left_alone_when_it_is_newer(nodes: Nodes, look: FakeLook) -> None:
    restarting(nodes, before=-60, after=0)  # it will have started a minute from now
    assert "started after" in drive(nodes, httpd_restarted, look).nothing


def test_a_restart_that_starts_nothing_is_a_failure(nodes: Nodes, look: FakeLook) -> None:
    restarting(nodes, before=3600, after=3700)
    with pytest.raises(RunbookError, match="no newer main process"):
        drive(nodes, httpd_restarted, look)


def test_without_httpd_there_is_nothing_to_restart(nodes: Nodes, look: FakeLook) -> None:
    look.resources = []
    assert "no resource" in drive(nodes, httpd_restarted, look).nothing
    look.resources = [Resource("httpd", "systemd:httpd", "Stopped", *BOOLEANS)]
    with pytest.raises(RunbookError, match="Stopped"):
        drive(nodes, httpd_restarted, look)


JSON = '[{"ID":1},{"ID":22}]\n200 application/json;charset=UTF-8\n'


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        (JSON, None),
        ("[]\n200 application/json\n", None),
        ('{"error": "none"}\n200 application/json\n', None),
        ("\n200 text/html\n", "ocs-api-unexpected"),
        ("<html>\n<p>no\n</html>\n200 text/html\n", "ocs-api-unexpected"),
        (JSON.replace("200", "500"), "ocs-api-unexpected"),
        ("Forbidden\n403 text/html\n", "ocs-api-unexpected"),
        ("\n000 \n", "ocs-api-unreachable"),
    ],
)
def test_only_json_of_the_api_is_good(nodes: Nodes, printed: str, code: str | None) -> None:
    (nodes.base / "api").write_text(printed)
    query = restapi.api("10.0.0.1")
    answer = query.parse(nodes.run(N, query.argv))
    assert [f.code for f in restapi.api_findings(answer, N)] == ([code] if code else [])


@pytest.mark.parametrize(
    ("printed", "said"),
    [("Forbidden\n403 text/html\n", "text/html, 'Forbidden'"), ("\n204 \n", "no type, ''")],
)
def test_an_answer_of_the_api_that_is_no_json_is_told(
    nodes: Nodes, printed: str, said: str
) -> None:
    (nodes.base / "api").write_text(printed)
    query = restapi.api("10.0.0.1")
    assert query.parse(nodes.run(N, query.argv)).said == said


def test_a_long_answer_of_the_api_is_not_carried_along(nodes: Nodes) -> None:
    ids = ",".join(f'{{"ID":{number}}}' for number in range(100_000))
    (nodes.base / "api").write_text(f"[{ids}]\n200 application/json\n")
    query = restapi.api("10.0.0.1")
    answer = nodes.run(N, query.argv)
    assert len(answer.stdout) < 200
    assert query.parse(answer).is_json


def test_the_service_s_address_is_asked_where_nothing_listens_on_the_node_s_own(
    nodes: Nodes,
) -> None:
    nodes.program(
        "curl", 'case "$*" in *10.0.0.1*) cat $BASE/api;; *) printf "\\n000 \\n"; exit 7;; esac'
    )
    (nodes.base / "api").write_text(JSON)
    query = restapi.api("10.0.0.1")
    assert query.parse(nodes.run(N, query.argv)).status == 200


def test_a_redirect_to_where_nobody_answers_is_no_answer(nodes: Nodes) -> None:
    nodes.program(
        "curl", 'echo "Failed to connect to port 8099" >&2; printf "\\n302 text/html\\n"; exit 7'
    )
    query = restapi.api("10.0.0.1")
    answer = query.parse(nodes.run(N, query.argv))
    assert answer.status == 0
    assert "port 8099" in answer.said


def test_the_whole_proof(nodes: Nodes, look: FakeLook) -> None:
    nodes.put(N, SERVER_CONF, (DATA / "server-new.conf").read_text())
    nodes.put(N, f"{CREDENTIALS}.tpl", f"{VARIABLE}=\n")
    nodes.put(N, CREDENTIALS, f"{VARIABLE}='a#b'\n")
    nodes.program("crm_resource", "echo 10.0.0.1")
    nodes.program("systemctl", "exit 0")
    nodes.program("mysql", '[ "$MYSQL_PWD" = "a#b" ] && echo "logged in"')
    (nodes.base / "anonymous").write_text("400")
    (nodes.base / "api").write_text(JSON)
    seen = ocs_online(look)  # type: ignore[arg-type]
    assert [f.code for f in seen.findings] == ["ocs-variable-not-in-httpd"]
    assert "400" in seen.observed
    for said in (
        "httpd's own address, asked on neteye01: 400; POST as an agent: 200 NO_UPDATE;",
        "where users and agents come, http://203.0.113.10:80/ocsinventory: answers;",
        "the REST API: 200, JSON",
    ):
        assert said in seen.observed, said
    assert "a#b" not in f"{seen}"
    nodes.program("mysql", 'echo "ERROR 1045 (28000): Access denied" >&2; exit 1')
    codes = {f.code for f in ocs_online(look).findings}  # type: ignore[arg-type]
    assert codes == {"ocs-variable-not-in-httpd", "ocs-login-failed"}
    nodes.path(N, CREDENTIALS).unlink()
    (finding,) = ocs_online(look).findings  # type: ignore[arg-type]
    assert finding.code == "ocs-credentials-missing"


@pytest.mark.parametrize(
    ("seen", "is_explained"),
    [("http://203.0.113.10:80/ocsinventory: answers", False),
     ("http://203.0.113.10:80/ocsinventory: no answer since x (refused)", True),
     ("http://203.0.113.10:80/ocsinventory: not seen since x (no way)", True)],
)  # fmt: skip
def test_it_is_told_why_ocs_works_where_users_get_no_answer(seen: str, is_explained: bool) -> None:
    class Seeing:
        def users_see(self, service: str) -> str:
            return seen

    told = _at_the_users(Seeing())  # type: ignore[arg-type]
    assert told.startswith(f"where users and agents come, {seen}")
    assert ("the proof asks httpd itself" in told) == is_explained


def test_the_variable_is_the_one_that_the_files_in_use_refer_to(
    nodes: Nodes, look: FakeLook
) -> None:
    """A template of two variables stops the migration; by hand it is done all the same."""
    nodes.put(N, SERVER_CONF, (DATA / "server-new.conf").read_text())
    nodes.put(N, f"{CREDENTIALS}.tpl", f"{VARIABLE}=\nANOTHER=\n")
    nodes.put(N, CREDENTIALS, f"{VARIABLE}='a#b'\n")
    nodes.program("crm_resource", "echo 10.0.0.1")
    nodes.program("systemctl", "exit 0")
    nodes.program("mysql", '[ "$MYSQL_PWD" = "a#b" ] && echo "logged in"')
    (nodes.base / "anonymous").write_text("400")
    (nodes.base / "api").write_text(JSON)
    seen = ocs_online(look)  # type: ignore[arg-type]
    assert [f.code for f in seen.findings] == ["ocs-variable-not-in-httpd"]
    assert f"{VARIABLE} is not in httpd's environment" in seen.observed


@pytest.mark.parametrize(
    ("packages", "file", "expected"),
    [((), False, False), ((), True, True), ((N,), False, True)],
)
def test_a_database_alone_is_no_server(
    nodes: Nodes, look: FakeLook, packages: tuple[str, ...], file: bool, expected: bool
) -> None:
    if file:
        nodes.put(N, SERVER_CONF, "PerlSetEnv OCS_DB_HOST h\n")
    there = Presence(packages, frozenset({OCS_DATABASE}), 2)
    assert has_ocs_server(look, there) is expected  # type: ignore[arg-type]


def test_without_package_and_database_no_file_counts(nodes: Nodes, look: FakeLook) -> None:
    nodes.put(N, SERVER_CONF, "PerlSetEnv OCS_DB_HOST h\n")
    assert not has_ocs_server(look, Presence((), frozenset(), 2))  # type: ignore[arg-type]


def test_the_proof_is_made_where_httpd_runs(tmp_path: Path) -> None:
    """Its shared directory is mounted there, and the files below /etc/httpd are that node's."""
    nodes = Nodes(tmp_path, N, OTHER)
    (nodes.base / OTHER / "root").mkdir()
    nodes.program("curl", CURL)
    nodes.put(OTHER, SERVER_CONF, (DATA / "server-new.conf").read_text())
    nodes.put(OTHER, f"{CREDENTIALS}.tpl", f"{VARIABLE}=\n")
    nodes.put(OTHER, CREDENTIALS, f"{VARIABLE}='a#b'\n")
    nodes.program("crm_resource", "echo 10.0.0.1")
    nodes.program("systemctl", '[ "$NODE" = neteye02 ]; exit 0')
    nodes.program("mysql", '[ "$NODE" = neteye02 ] && echo "logged in"')
    (nodes.base / "anonymous").write_text("400")
    (nodes.base / "api").write_text(JSON)
    look = FakeLook(nodes)
    (nodes.base / "answer").write_bytes(REPLY)
    look.resources = [Resource("httpd", "systemd:httpd", "Started", *BOOLEANS, nodes=(OTHER,))]
    look.rows["LOGLEVEL of the OCS server"] = []
    for node in (OTHER, None):
        (finding,) = ocs_online(look, node).findings  # type: ignore[arg-type]
        assert (finding.code, finding.subject) == ("ocs-variable-not-in-httpd", f"{OTHER}: httpd")
    (finding,) = ocs_online(look, N).findings  # type: ignore[arg-type]
    assert finding.code == "ocs-credentials-missing"


def test_where_the_server_logs_in_comes_from_its_file(nodes: Nodes, look: FakeLook) -> None:
    nodes.put(N, SERVER_CONF, (DATA / "server-old.conf").read_text())
    found = look.ask(N, OCS_DATABASE_IN_USE)
    assert (found.host, found.user, found.name) == ("mariadb.neteyelocal", "ocsserver", "ocsweb")
    rest = "PerlSetEnv OCS_DB_USER u\nPerlSetEnv OCS_DB_NAME n\n"
    for host, port, where in (
        ("fd00::5", "3306", "fd00::5"),
        ("fd00::5", "3307", "[fd00::5]:3307"),
    ):
        lines = f"PerlSetEnv OCS_DB_HOST {host}\nPerlSetEnv OCS_DB_PORT {port}\n{rest}"
        nodes.put(N, SERVER_CONF, lines)
        assert look.ask(N, OCS_DATABASE_IN_USE).host == where
    nodes.put(N, SERVER_CONF, "PerlSetEnv OCS_DB_HOST h\n")
    with pytest.raises(Unanswered, match="is not set"):
        look.ask(N, OCS_DATABASE_IN_USE)


def test_only_the_lines_that_name_the_database_come_here(nodes: Nodes) -> None:
    """A password is in the same file; so the answer is on record, and can be judged again."""
    nodes.put(
        N,
        SERVER_CONF,
        "  PerlSetVar OCS_DB_PWD hidden-word\n  # PerlSetEnv OCS_DB_NAME old\n"
        "  PerlSetEnv OCS_DB_LOCAL other\n  PerlSetEnv \\\n    OCS_DB_NAME ocs2\n"
        "  perlsetenv OCS_DB_USER u\n  PerlSetEnv OCS_DB_NAME_SLAVE slave\n",
    )
    answer = nodes.run(N, OCS_DATABASE_IN_USE.argv)
    assert not OCS_DATABASE_IN_USE.secret
    assert {"hidden-word", "old", "other", "slave"} & set(answer.text.split()) == set()
    assert OCS_DATABASE_IN_USE.parse(answer).name == "ocs2"


def test_a_server_with_another_database_is_told_before_the_start(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path, N, OTHER)
    look = FakeLook(nodes)
    nodes.put(N, SERVER_CONF, "PerlSetEnv OCS_DB_USER u\nPerlSetEnv OCS_DB_NAME ocsweb\n")
    nodes.put(OTHER, SERVER_CONF, "PerlSetEnv OCS_DB_USER u\nPerlSetEnv OCS_DB_NAME ocs2\n")
    asked = databases_in_use(look)  # type: ignore[arg-type]
    (finding,) = elsewhere(asked.values)
    assert (finding.code, finding.subject) == (
        "ocs-database-elsewhere",
        f"{OTHER}:{SERVER_CONF}",
    )
    nodes.put(OTHER, SERVER_CONF, "PerlSetEnv OCS_DB_USER u\n")
    assert list(databases_in_use(look).unanswered) == [OTHER]  # type: ignore[arg-type]
    nodes.path(OTHER, SERVER_CONF).unlink()
    assert elsewhere(databases_in_use(look).values) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "api", "codes"),
    [
        ("400", JSON, set()),
        ("401", JSON, {"ocs-endpoint-authentication"}),
        ("400", "denied\n403 text/html\n", {"ocs-api-unexpected"}),
        ("404", JSON, {"ocs-endpoint-unexpected"}),
    ],
)
def test_how_the_server_answers_is_asked_before_the_start(
    nodes: Nodes, look: FakeLook, status: str, api: str, codes: set[str]
) -> None:
    """By the questions of afterwards: what is in their way then is in their way now."""
    nodes.program("crm_resource", "echo 10.0.0.1")
    nodes.program("systemctl", "exit 0")
    (nodes.base / "anonymous").write_text(status)
    (nodes.base / "api").write_text(api)
    seen = before.ocs_now(look)  # type: ignore[arg-type]
    assert {finding.code for finding in seen.findings} == codes
    assert f"GET /ocsinventory on 10.0.0.1: {status}" in seen.observed


def test_of_how_many_nodes_have_the_package_is_said() -> None:
    """Of more than a few, their names are too many for a line."""
    nodes = tuple(f"node{number:02d}" for number in range(15))
    there = Presence(nodes, frozenset({OCS_DATABASE}), 16)
    assert "on 15 of 16 operative nodes; databases: ocsweb" in there.sentence()
