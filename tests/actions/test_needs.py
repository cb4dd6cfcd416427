"""What later steps need is asked before the start: programs, clients, logins, the key, room."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.secrets import Secret
from runbook.cluster import needs
from runbook.to_4_26.httpd import before, migration
from runbook.to_4_26.httpd.database import OcsDatabase
from runbook.to_4_26.login import LoginResult
from runbook.to_4_26.names import CREDENTIALS, SERVER_CONF
from runbook.to_4_26.test_15_preflight_ocs import PROGRAMS as PROGRAMS_OF_OCS
from tests.actions.ocs_nodes import OTHER, FakeLook, N, Nodes

ROOT = Path(__file__).resolve().parents[2]
CONF = """PerlSetEnv OCS_DB_HOST {host}
PerlSetEnv OCS_DB_USER ocsserver
PerlSetEnv OCS_DB_NAME ocsweb
PerlSetVar OCS_DB_PWD {password}
"""


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    return Nodes(tmp_path, N, OTHER)


@pytest.fixture
def look(nodes: Nodes) -> FakeLook:
    return FakeLook(nodes)


def test_a_program_that_is_missing_is_named_with_its_node(look: FakeLook) -> None:
    asked = look.ask_all((N, OTHER), needs.missing_programs("sh", "no-such-program", "cat"))
    assert asked.values == {N: ("no-such-program",), OTHER: ("no-such-program",)}
    findings = needs.program_findings({**asked.values, OTHER: ()})
    assert [(f.code, f.subject) for f in findings] == [("program-missing", N)]
    assert "no-such-program" in findings[0].observed


PROGRAMS = re.compile(
    r"(?<![\w./-])(awk|cmp|corosync-quorumtool|cpio|curl|dnf|drbdsetup|flock|gzip|httpd -t|jq"
    r"|journalctl|mysql|mysqldump|openssl|php|pcs|perl|psql|ps -o|python3|rpm2cpio|rsync"
    r"|setsid|ssh -o|systemctl|tar|wget)(?![\w./-])"
)
ELSEWHERE = {
    "cpio": "rpm2cpio's output is taken apart by rpm itself where it is not there",
}


def _scripts() -> dict[str, str]:
    """The scripts and argument lists that run on nodes; not the modules that only judge."""
    folders = ("runbook", "engine/queries", "engine/attempt")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    found = {}
    for path in files:
        text = re.sub(r'^\s*"""(?:(?!""").)*"""', "", path.read_text(), flags=re.S | re.M)
        scripts = re.findall(r'"""\n(.*?)"""', text, re.S) + re.findall(r'argv=\("([\w-]+)"', text)
        found[str(path.relative_to(ROOT))] = "\n".join(scripts)
    return found


def test_every_program_of_a_script_is_asked_for_before_the_start() -> None:
    asked = {*needs.ALWAYS, *PROGRAMS_OF_OCS}
    used = {
        match[1].split()[0]: name
        for name, text in _scripts().items()
        for match in PROGRAMS.finditer(text)
    }
    assert {"mysqldump", "curl", "flock", "rpm2cpio", "ssh"} <= set(used)
    assert {p: where for p, where in used.items() if p not in asked | set(ELSEWHERE)} == {}


def test_what_testinfra_starts_after_the_start_is_asked_for_before_it() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "runbook").rglob("*.py"))
    starts = {".socket(": "ss", ".service(": "systemctl", ".process": "ps", ".package(": "rpm"}
    used = {program for call, program in starts.items() if f"host{call}" in sources}
    assert "ss" in used
    assert used <= set(needs.ALWAYS)


OPTIONS = """
echo "mysql would have been started with the following arguments:"
echo "--socket=/run/db.sock --password=hunter22 --user=root --skip-ssl "
"""


def test_of_the_client_s_options_the_names_leave_the_node(nodes: Nodes, look: FakeLook) -> None:
    nodes.program("mysql", OPTIONS)
    found = look.ask(N, needs.CLIENT_OPTIONS)
    assert found == {"--socket", "--password", "--user", "--skip-ssl"}
    assert "hunter22" not in needs.CLIENT_OPTIONS.recorded(found)  # type: ignore[misc]
    assert needs.client_findings({N: found, OTHER: found}, OTHER) == []


def test_a_node_without_the_client_s_login_is_told() -> None:
    options = {N: frozenset({"--socket"}), OTHER: frozenset({"--socket", "--password", "--user"})}
    (finding,) = needs.client_findings(options, OTHER)
    assert (finding.code, finding.subject) == ("database-client", N)
    assert "--password, --user" in finding.observed
    assert needs.client_findings(options, N) == []


def put(nodes: Nodes, password: str, host: str = "mariadb.neteyelocal") -> None:
    for node in (N, OTHER):
        nodes.put(node, SERVER_CONF, CONF.format(host=host, password=password))


def test_the_password_in_use_is_tried_from_every_node(nodes: Nodes, look: FakeLook) -> None:
    put(nodes, "secret1")
    nodes.program(
        "mysql",
        f'[ "$NODE" = {N} ] && [ "$MYSQL_PWD" = secret1 ] && {{ echo "logged in"; exit 0; }}\n'
        'echo "ERROR 1045 (28000): Access denied" >&2; exit 1',
    )
    seen, findings = migration.passwords_before(look)  # type: ignore[arg-type]
    password = before.the_password(seen)
    assert (findings, password) == ([], Secret("secret1"))
    assert password is not None
    ((database, asked),) = before.logins(look, seen, password)  # type: ignore[arg-type]
    (finding,) = before.login_findings(database, asked.values)
    assert (finding.code, finding.subject) == ("ocs-login-failed", "ocsserver@mariadb.neteyelocal")
    assert f"{OTHER}: ERROR 1045" in finding.observed
    assert N not in finding.observed
    assert "secret1" not in str(finding)


def test_another_database_is_not_tried(nodes: Nodes, look: FakeLook) -> None:
    """It is told as what it is, once."""
    put(nodes, "secret1")
    path = nodes.path(OTHER, SERVER_CONF)
    path.write_text(path.read_text().replace("ocsweb", "ocs2"))
    nodes.program("mysql", 'echo "logged in"')
    seen, _ = migration.passwords_before(look)  # type: ignore[arg-type]
    ((_, asked),) = before.logins(look, seen, Secret("secret1"))  # type: ignore[arg-type]
    assert set(asked.values) == {N}


def test_a_login_that_works_is_no_finding() -> None:
    database = OcsDatabase("h", "u", "n")
    assert before.login_findings(database, {N: LoginResult(True), OTHER: LoginResult(True)}) == []


def test_two_passwords_are_not_tried(nodes: Nodes, look: FakeLook) -> None:
    put(nodes, "secret1")
    nodes.put(OTHER, SERVER_CONF, CONF.format(host="h", password="secret2"))
    seen, findings = migration.passwords_before(look)  # type: ignore[arg-type]
    assert [f.code for f in findings] == ["ocs-passwords-differ"]
    assert before.the_password(seen) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, None),
        ("SOME_NAME='secret1'\n", None),
        ("SOME_NAME=another\n", "ocs-credentials-other"),
        ("A=another\nB=secret1\n", None),
        ("# nothing\n", "ocs-migration-unclear"),
    ],
)
def test_a_credentials_file_that_is_there_already_is_told_before(
    nodes: Nodes, look: FakeLook, text: str | None, code: str | None
) -> None:
    if text is not None:
        nodes.put(N, CREDENTIALS, text)
    now = migration.credentials_now(look, N)  # type: ignore[arg-type]
    found = before.credentials_findings(now, Secret("secret1"))
    assert [f.code for f in found] == ([code] if code else [])
