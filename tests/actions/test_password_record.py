"""What the evidence says of the OCS password: where it lies and which copies remain, no value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.model.facts import PASSWORD
from engine.model.query import Asked
from engine.record.memory import Memory
from engine.report.audit.passwords import passwords_of
from engine.secrets import Secret
from runbook.to_4_26 import on_record
from runbook.to_4_26.glpi.checks import reset_password
from runbook.to_4_26.glpi.place import GlpiPlace
from runbook.to_4_26.httpd import password_record
from runbook.to_4_26.httpd.migration import CredentialsNow
from runbook.to_4_26.names import CREDENTIALS, CREDENTIALS_TEMPLATE, RESTAPI_CONF, SERVER_CONF
from tests.actions.ocs_nodes import OTHER, FakeLook, N, Nodes
from tests.engine import kit

WORD = "right#horse$7[.*"
BAK = f"{SERVER_CONF}.09032024.bak"


@pytest.fixture
def look(tmp_path: Path) -> FakeLook:
    nodes = Nodes(tmp_path, N, OTHER)
    nodes.put(N, CREDENTIALS, f"INVENTORY='{WORD}'\n", 0o600)
    nodes.put(N, CREDENTIALS_TEMPLATE, "INVENTORY=\n")
    for node in (N, OTHER):
        for path in (SERVER_CONF, RESTAPI_CONF):
            nodes.put(node, path, "PerlSetVar OCS_DB_PWD ${INVENTORY}\n")
        nodes.put(node, BAK, f'PerlSetVar OCS_DB_PWD "{WORD}"\n', 0o640)
    nodes.put(OTHER, f"{RESTAPI_CONF}.rpmsave", "another word\n")
    made = FakeLook(nodes)
    made.memory = Memory()
    return made


class Told:
    def __init__(self) -> None:
        self.events: list[dict[str, object]] = []

    def remember(self, name: str, **values: object) -> None:
        assert name == PASSWORD
        self.events.append(kit.event("fact", name=name, **values))


def remembered(look: FakeLook, text: str | None = f"INVENTORY='{WORD}'\n") -> Told:
    told = Told()
    now = CredentialsNow(Secret("INVENTORY=\n"), Secret(text) if text else None)
    on_record.keep_password(look, told, now, "INVENTORY")  # type: ignore[arg-type]
    return told


def test_where_it_lies_and_which_copies_remain(look: FakeLook) -> None:
    told = remembered(look)
    (seen,) = passwords_of(told.events)
    assert [(one.nodes, one.path, one.rights) for one in seen.lies_in] == [
        ((N,), CREDENTIALS, "root root 0600")
    ]
    assert [(one.nodes, one.path) for one in seen.old_copies] == [((N, OTHER), BAK)]
    assert f"on {N}, {OTHER}" in seen.searched
    assert WORD not in json.dumps(told.events)
    assert look.asked == ["files in which the OCS password may stand"] * 2


def test_the_password_is_in_no_argument_and_in_no_answer(look: FakeLook) -> None:
    query = password_record.copies(Secret(WORD))
    assert WORD not in " ".join(query.argv)
    answer = look.nodes.run(N, query.argv, query.stdin)
    assert WORD not in answer.text + answer.errors
    assert "yes" in answer.text


def test_a_file_in_use_that_still_has_it_is_told(look: FakeLook) -> None:
    look.nodes.put(OTHER, SERVER_CONF, f'PerlSetVar OCS_DB_PWD "{WORD}"\n')
    (seen,) = passwords_of(remembered(look).events)
    (still,) = [one for one in seen.old_copies if one.path == SERVER_CONF]
    assert (still.nodes, still.note) == ((OTHER,), "the file in use still has it")


def test_without_the_value_copies_are_named_and_not_judged(look: FakeLook) -> None:
    (seen,) = passwords_of(remembered(look, None).events)
    assert {(one.path, one.note) for one in seen.old_copies} == {
        (BAK, "not looked into"),
        (f"{RESTAPI_CONF}.rpmsave", "not looked into"),
    }


def test_a_silent_node_is_named() -> None:
    asked: Asked[tuple[password_record.Copy, ...]] = Asked("q", {N: ()}, {OTHER: "no route"})
    assert password_record.as_fact(asked, "X")["searched"].endswith(
        f"{N}; not on {OTHER}: no route"
    )


def test_what_the_upgrade_resets_has_its_places_and_no_value() -> None:
    fact = reset_password(GlpiPlace("glpi", "/etc/glpi", "said"), ["OCS server 'x': new"])
    (seen,) = passwords_of([kit.event("fact", name=PASSWORD, **fact)])
    assert [one.path for one in seen.lies_in] == [
        "glpi.glpi_plugin_ocsinventoryng_ocsservers.ocs_db_passwd",
        "/etc/glpi/glpicrypt.key",
    ]
    assert "OCS server 'x': new" in seen.what
    assert reset_password(GlpiPlace("glpi", None, "said"), ["x"])["lies_in"] == fact["lies_in"][:1]


def test_what_the_migration_wrote_is_told_until_the_verification_has_looked(
    look: FakeLook,
) -> None:
    told = Told()
    for mode in (0o600, 0o644):
        on_record.keep_password_written(look, told, N, mode)  # type: ignore[arg-type]
        look.memory.add(told.events[0])
    (seen,) = passwords_of(told.events)
    assert [(one.path, one.note) for one in seen.lies_in] == [(CREDENTIALS, "mode 0600")]
    assert len(told.events) == 1
