"""OCS servers of GLPI: which break, and whether the reset passwords really work (G03, G04)."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from engine.model.answer import Answer
from engine.secrets import Secret
from runbook.to_4_26.glpi import servers as glpi
from runbook.to_4_26.glpi import servers_after as glpi_after
from runbook.to_4_26.glpi import stored_password as glpi_key
from runbook.to_4_26.glpi import stored_password as glpi_password
from runbook.to_4_26.glpi.servers import OcsServer, PluginState
from runbook.to_4_26.login import LoginResult, login
from tests.actions.ocs_nodes import DATA

VECTORS = json.loads((DATA / "glpi-password-vectors.json").read_text())
KEY = Secret(subprocess.run(["base64", "-w0"], input=bytes.fromhex(VECTORS["key_hex"]),
                            capture_output=True, check=True).stdout.decode())  # fmt: skip
COMPARISON = Secret("key of this attempt")
SERVER = OcsServer(
    id=1,
    name="ocsweb",
    host="mariadb.neteyelocal",
    user="glpi_ocsinventoryng",
    database="ocsweb",
    is_active=True,
    is_soap=False,
    is_standard=True,
    has_password=True,
)


def vectors(*fields: str) -> list[tuple[str, ...]]:
    return [tuple(vector[field] for field in fields) for vector in VECTORS["vectors"]]


@pytest.mark.parametrize(("sodium", "password"), vectors("sodium", "password"))
def test_the_new_form_decrypts_to_the_password(sodium: str, password: str) -> None:
    assert glpi_password.decrypt(Secret(sodium), KEY).reveal() == password
    assert glpi_password.has_new_form(Secret(sodium))


@pytest.mark.parametrize(("legacy", "password"), vectors("legacy", "password"))
def test_the_old_form_is_told_and_does_not_decrypt(legacy: str, password: str) -> None:
    assert not glpi_password.has_new_form(Secret(legacy))
    with pytest.raises(glpi_password.CantDecrypt) as error:
        glpi_password.decrypt(Secret(legacy), KEY)
    assert password not in str(error.value)
    assert legacy not in str(error.value)


@pytest.mark.parametrize(
    ("stored", "key", "why"),
    [
        ("no base64!", KEY, "no base64"),
        ("", KEY, "too few"),
        ("A" * 100, KEY, "does not decrypt"),
        (VECTORS["vectors"][0]["sodium"], Secret("c2hvcnQ="), "5 bytes, expected 32"),
        (VECTORS["vectors"][0]["sodium"], Secret("***"), "base64"),
        (VECTORS["vectors"][0]["sodium"], Secret("A" * 43 + "="), "does not decrypt"),
    ],
)
def test_what_can_not_be_decrypted_says_why(stored: str, key: Secret, why: str) -> None:
    with pytest.raises(glpi_password.CantDecrypt, match=why):
        glpi_password.decrypt(Secret(stored), key)


def test_the_digest_tells_a_change_and_nothing_else() -> None:
    before = glpi_password.keyed_digest(Secret("old"), COMPARISON)
    assert glpi_password.is_unchanged(Secret("old"), COMPARISON, before)
    assert not glpi_password.is_unchanged(Secret("new"), COMPARISON, before)
    assert before != glpi_password.keyed_digest(Secret("old"), Secret("another key"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"is_standard": False, "user": "ocsuser"}, "ocs-server-custom"),
        ({"is_standard": False, "user": None}, "ocs-server-custom"),
        ({"is_standard": False, "is_active": False}, "ocs-server-custom-inactive"),
        ({"is_standard": False, "is_soap": True}, "ocs-server-custom-harmless"),
        ({"is_standard": False, "has_password": False}, "ocs-server-custom-harmless"),
    ],
)
def test_servers_of_other_users(changes: dict[str, object], code: str | None) -> None:
    found = glpi.findings_before([replace(SERVER, **changes)])  # type: ignore[arg-type]
    assert [f.code for f in found] == ([code] if code else [])
    if code == "ocs-server-custom":
        assert "sales" in found[0].remedy
        assert "support portal" in found[0].remedy


def test_a_row_of_the_table() -> None:
    row = {
        "id": 3,
        "name": None,
        "ocs_db_host": "h",
        "ocs_db_user": None,
        "ocs_db_name": "d",
        "is_active": 1,
        "conn_type": 1,
        "ocs_version": "7063",
        "has_password": 0,
        "is_standard": 0,
        "ocs_db_passwd": "c2VjcmV0",
    }
    query = glpi.stored_passwords("glpi")
    (server,) = query.parse([row])
    assert query.secret
    assert (server.is_soap, server.is_standard, server.has_password) == (True, False, False)
    assert "c2VjcmV0" not in repr(server)


STORED = Secret(VECTORS["vectors"][1]["sodium"])
OLD = Secret(VECTORS["vectors"][1]["legacy"])
BEFORE = {"1": glpi_password.keyed_digest(OLD, COMPARISON)}
GOOD_KEY = glpi_key.KeyAnswer(KEY)


def after(server: OcsServer, key: glpi_key.KeyAnswer = GOOD_KEY) -> glpi_after.ServerAfter:
    return glpi_after.examine(server, BEFORE, COMPARISON, key)


def test_a_reset_password_is_read_and_tried() -> None:
    seen = after(replace(SERVER, password=STORED))
    assert seen.problems == ()
    assert seen.password == Secret("S3cr&t p@ss/word")
    assert glpi_after.findings_after(seen, LoginResult(True)) == []


@pytest.mark.parametrize(
    ("server", "key", "result", "codes"),
    [
        (SERVER, GOOD_KEY, None, ["glpi-password-missing"]),
        (
            replace(SERVER, password=OLD),
            GOOD_KEY,
            None,
            ["glpi-password-unchanged", "glpi-password-old-form"],
        ),
        (
            replace(SERVER, password=STORED),
            glpi_key.KeyAnswer(None, "no key"),
            None,
            ["glpi-key-missing"],
        ),
        (
            replace(SERVER, password=STORED),
            glpi_key.KeyAnswer(Secret("A" * 43 + "=")),
            None,
            ["glpi-password-unreadable"],
        ),
        (
            replace(SERVER, password=STORED),
            GOOD_KEY,
            LoginResult(False, "ERROR 1045", denied=True),
            ["glpi-login-failed"],
        ),
        (
            replace(SERVER, password=STORED),
            GOOD_KEY,
            LoginResult(False, "ERROR 2002"),
            ["glpi-login-unreachable"],
        ),
        (
            replace(SERVER, password=None, is_active=False),
            GOOD_KEY,
            None,
            ["glpi-password-missing-inactive"],
        ),
    ],
)
def test_each_way_the_reset_goes_wrong(
    server: OcsServer, key: glpi_key.KeyAnswer, result: LoginResult | None, codes: list[str]
) -> None:
    found = glpi_after.findings_after(after(server, key), result)
    assert [f.code for f in found] == codes
    assert STORED.reveal() not in str(found)


def test_the_baseline_keeps_digests_only() -> None:
    digests = glpi_after.digests_before([replace(SERVER, password=OLD), SERVER], COMPARISON)
    assert digests == BEFORE
    assert OLD.reveal() not in json.dumps(digests)


@pytest.mark.parametrize(
    ("plugin", "seen"),
    [
        (None, "does not know"),
        (PluginState("1.7.3", 4), "not activated"),
        (PluginState("1.7.3", 6), "not updated"),
        (PluginState("1.7.0", 1), "1.7.0"),
    ],
)
def test_plugin_state(plugin: PluginState | None, seen: str) -> None:
    (finding,) = glpi_after.plugin_findings(plugin, "1.7.3")
    assert seen in finding.observed
    assert glpi_after.plugin_findings(PluginState("1.7.3", 1), "1.7.3") == []


@pytest.mark.parametrize(
    ("host", "where"),
    [
        ("db.example.test", ("--host=db.example.test", "--protocol=tcp")),
        ("db:3307", ("--host=db", "--port=3307", "--protocol=tcp")),
        ("localhost:/run/db.sock", ("--socket=/run/db.sock", "--protocol=socket")),
        ("localhost", ("--protocol=socket",)),
        ("", ("--protocol=socket",)),
        ("fd00::5", ("--host=fd00::5", "--protocol=tcp")),
        ("[fd00::5]", ("--host=fd00::5", "--protocol=tcp")),
        ("[fd00::5]:3307", ("--host=fd00::5", "--port=3307", "--protocol=tcp")),
    ],
)
def test_where_the_plugin_logs_in(host: str, where: tuple[str, ...]) -> None:
    query = login(host, "u", "d", Secret("the password"))
    assert query.argv[4 : 4 + len(where)] == where
    assert "the password" not in repr(query)
    assert query.secret


@pytest.mark.parametrize(
    ("code", "out", "err", "ok", "denied"),
    [
        (0, b"logged in\n", b"", True, False),
        (0, b"", b"", False, False),
        (1, b"", b"ERROR 1045 (28000): Access denied for user\n", False, True),
        (1, b"", b"ERROR 2003 (HY000): Can't connect\n", False, False),
        (45, b"", b"", False, True),
    ],
)
def test_login_results(code: int, out: bytes, err: bytes, ok: bool, denied: bool) -> None:
    result = login("h", "u", "d", Secret("x")).parse(Answer(code, out, err, 0.0))
    assert (result.ok, result.denied) == (ok, denied)


def test_the_password_reaches_the_client_by_its_environment_only(tmp_path: Path) -> None:
    client = tmp_path / "mysql"
    client.write_text('#!/bin/sh\ntest "$MYSQL_PWD" = "a b\'\\"c" || exit 1\n'
                      'case "$*" in *"a b"*) exit 1;; esac\necho "logged in"\n')  # fmt: skip
    client.chmod(0o755)
    query = login("h", "u", "d", Secret("a b'\"c"))
    done = subprocess.run(
        query.argv,
        input=query.stdin.reveal().encode(),  # type: ignore[union-attr]
        capture_output=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        check=False,
    )
    assert query.parse(Answer(done.returncode, done.stdout, done.stderr, 0.0)).ok
    empty = subprocess.run(query.argv, input=b"", capture_output=True, check=False)
    assert empty.returncode == 45


def key_of(directory: Path) -> glpi_key.KeyAnswer:
    query = glpi_key.glpi_key(str(directory))
    done = subprocess.run(query.argv, capture_output=True, check=False)
    assert done.returncode in query.ok_codes
    return query.parse(Answer(done.returncode, done.stdout, done.stderr, 0.0))


def test_the_key_is_read_in_glpis_configuration_directory(tmp_path: Path) -> None:
    assert f"no {tmp_path}/glpicrypt.key" in key_of(tmp_path).problem
    (tmp_path / "glpicrypt.key").write_bytes(bytes.fromhex(VECTORS["key_hex"]))
    assert key_of(tmp_path).key == KEY
    (tmp_path / "glpicrypt.key").write_bytes(b"short")
    assert "has 5 bytes, expected 32" in key_of(tmp_path).problem


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "glpi-key-missing"),
        ({"is_active": False}, "glpi-key-missing-inactive"),
        ({"is_standard": False, "user": "ocsuser"}, None),
        ({"is_soap": True}, None),
    ],
)
def test_a_key_that_is_missing_is_told_before_the_upgrade(
    changes: dict[str, object], code: str | None
) -> None:
    """As it would be afterwards, and about the same server: an acceptance serves for both."""
    server = replace(SERVER, **changes)  # type: ignore[arg-type]
    lost = glpi_key.KeyAnswer(None, "there is no /c/glpicrypt.key")
    found = glpi_key.missing_before([server], lost)
    assert [(f.code, f.subject) for f in found] == (
        [(code, f"OCS server {SERVER.name}")] * bool(code)
    )
    assert glpi_key.missing_before([server], GOOD_KEY) == []
    afterwards = glpi_after.findings_after(after(replace(server, password=STORED), lost), None)
    if code:
        assert (code, found[0].subject) in {(f.code, f.subject) for f in afterwards}
