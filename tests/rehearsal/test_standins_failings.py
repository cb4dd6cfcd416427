"""The ways of going wrong that a scenario can set: what the stand-ins make of each."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from neteye_standin import context, database, procedure
from neteye_standin.remote import Answer
from neteye_step import glpi_plugin, ocs_schema

from rehearsal.standins.settings import MEANWHILE, SettingsError
from rehearsal.to_4_26 import STEP, ocs_conf
from rehearsal.to_4_26.contents import (
    TEMPLATE_PACKAGED,
    DebianFiles,
    credentials_template,
    payload,
)
from tests.rehearsal.test_packages import RESTAPI, SERVER, SERVER_PACKAGE

FAILINGS = STEP.vocabulary.failings
draw = STEP.draw

KEY = bytes(range(32))
DEBIAN = DebianFiles(SERVER, RESTAPI, {})
NODES = """{"Hostname": "cluster",
 "Nodes": [{"hostname": "n1", "addr": "10.0.0.1"}, {"hostname": "n2", "addr": "10.0.0.2"}],
 "ElasticOnlyNodes": [{"hostname": "n3", "addr": "10.0.0.3"}],
 "VotingOnlyNode": {"hostname": "n4", "addr": "10.0.0.4"}}"""
ENTRY = {"command": "upgrade", "task": "packages", "on": "other", "argv": ["touch", "/etc/x"]}


def set_to(**settings: Any) -> dict[str, Any]:
    return draw(7, {"settings": settings})


def test_nothing_goes_wrong_unless_a_scenario_says_so() -> None:
    for seed in range(30):
        drawn = draw(seed)
        assert all(drawn[name] == ways[0] for name, ways in FAILINGS.items())
        assert drawn["meanwhile"] == []


def test_the_ways_are_those_that_the_stand_ins_know() -> None:
    assert set(FAILINGS["capacity_conversion"]) == set(ocs_schema.CONVERSIONS)
    assert set(FAILINGS["glpi_reset"]) == set(glpi_plugin.RESETS)
    assert set(FAILINGS["glpi_plugin"]) == set(glpi_plugin.PLUGIN_STATES)
    assert set(glpi_plugin.IN_TURN) <= set(glpi_plugin.RESETS)


@pytest.mark.parametrize("name", sorted(FAILINGS))
def test_another_way_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=f"'{name}' to 'otherwise'; allowed: "):
        set_to(**{name: "otherwise"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "lunch"}, "meanwhile sets 'task' to 'lunch'"),
        ({"on": "everywhere"}, "meanwhile sets 'on' to 'everywhere'"),
        ({"when": "later"}, "expected command, task, on, argv"),
    ],
)
def test_meanwhile_is_checked(change: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        set_to(meanwhile=[{**ENTRY, **change}])
    assert set_to(meanwhile=[ENTRY])["meanwhile"] == [ENTRY]


@pytest.mark.parametrize("how", ocs_schema.CONVERSIONS)
@pytest.mark.parametrize("decorated", ["nulled", "kept"])
def test_every_conversion_changes_the_type_once(how: str, decorated: str) -> None:
    statements = ocs_schema.conversion(how, decorated)
    assert sum("CAPACITY INT NULL" in statement for statement in statements) == 1
    assert all(statement.endswith(";") for statement in statements)
    is_right = statements == ocs_schema.capacity_statements(decorated)
    assert is_right is (how == "cleaned")


@pytest.mark.parametrize(("how", "ends"), [("skipped", "leniently"), ("refused", "strictly")])
def test_a_conversion_that_fails_is_passed_over_or_not(
    how: str, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    monkeypatch.setattr(ocs_schema, "_capacity_type", lambda: "varchar")
    monkeypatch.setattr(ocs_schema, "_gui_version", lambda: ocs_schema.GUI_VERSION)
    monkeypatch.setattr(database, "execute", lambda *_: ran.append("strictly"))
    monkeypatch.setattr(database, "execute_leniently", lambda *_: ran.append("leniently") or 1)
    ocs_schema.upgrade("nulled", how)
    assert ran == [ends]


def test_stored_values_are_what_they_are_called() -> None:
    def stored(how: str) -> str:
        value = glpi_plugin.stored_value(how, "the new password", KEY)
        assert value is not None
        return value

    assert glpi_plugin.is_sealed(stored("done"), KEY)
    assert glpi_plugin.is_sealed(stored("wrong-password"), KEY)
    assert not glpi_plugin.is_sealed(stored("other-key"), KEY)
    assert len(base64.b64decode(stored("old-form"))) < 41  # too short for nonce, text and tag
    assert glpi_plugin.stored_value("emptied", "x", KEY) is None


def test_active_and_inactive_servers_are_reset_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [["1", "1", "old"], *([str(number), "0", "old"] for number in range(2, 8))]
    monkeypatch.setattr(database, "query", lambda *_: rows)
    right = glpi_plugin.to_reset("glpi", set_to(), KEY)
    assert right == {row[0]: "done" for row in rows}
    wrong = glpi_plugin.to_reset(
        "glpi", set_to(glpi_reset="emptied", glpi_reset_inactive="in-turn"), KEY
    )
    assert wrong == {
        "1": "emptied",
        "3": "other-key",
        "4": "wrong-password",
        "5": "emptied",
        "6": "done",
    }  # 2 and 7 are skipped


def test_new_files_can_still_have_a_literal_password() -> None:
    literal = set_to(target_password="literal")
    files = payload(SERVER_PACKAGE, "target", literal, DEBIAN).files
    texts = (files[ocs_conf.SERVER_CONF], files[ocs_conf.RESTAPI_CONF])
    assert all(ocs_conf.DEFAULT_PASSWORD in text for text in texts)


@pytest.mark.parametrize(("how", "count"), [("one", 1), ("two", 2), ("other", 1)])
def test_the_template_sets_the_wanted_variables(how: str, count: int) -> None:
    settings = set_to(template_variables=how)
    names = re.findall(r"^(\w+)=", credentials_template(settings), re.MULTILINE)
    assert len(names) == count
    assert (settings["credentials_variable"] in names) is (how != "other")


def test_packages_can_come_without_template() -> None:
    made = payload(SERVER_PACKAGE, "target", set_to(template_variables="no-template"), DEBIAN)
    assert TEMPLATE_PACKAGED not in made.files
    assert made.post == ""
    assert made.noreplace == {ocs_conf.SERVER_CONF, ocs_conf.RESTAPI_CONF}


@pytest.mark.parametrize(
    ("where", "nodes"),
    [("active", ["n1"]), ("other", ["n2"]), ("elastic_only", ["n3"]), ("voting_only", ["n4"])],
)
def test_meanwhile_happens_once_where_it_says(
    where: str, nodes: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[str, ...]] = []

    def run_on(node: context.Node, _me: object, argv: list[str], *_: object, **__: object):
        asked.append((node.name, *argv))
        return Answer(0, "", "")

    monkeypatch.setattr(procedure, "run_on", run_on)
    monkeypatch.setattr(procedure, "LOGS", tmp_path / "log")
    monkeypatch.setattr(procedure, "STATE", tmp_path / "state")
    cluster = context.parse_cluster(NODES)
    settings = set_to(meanwhile=[{**ENTRY, "on": where}])
    run = procedure.Run("upgrade", context.Context(cluster, cluster.nodes[0], settings))
    procedure.meanwhile(run, "health")
    assert asked == []
    procedure.meanwhile(run, "packages")
    procedure.meanwhile(run, "packages")
    assert asked == [(node, "touch", "/etc/x") for node in nodes]
    update = procedure.Run("update", context.Context(cluster, cluster.nodes[0], settings))
    procedure.meanwhile(update, "packages")
    assert len(asked) == len(nodes)


def test_a_meanwhile_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(procedure, "run_on", lambda *_, **__: Answer(1, "", "no such table"))
    monkeypatch.setattr(procedure, "LOGS", tmp_path / "log")
    monkeypatch.setattr(procedure, "STATE", tmp_path / "state")
    cluster = context.parse_cluster(NODES)
    settings = set_to(meanwhile=[{**ENTRY, "on": "active"}])
    run = procedure.Run("upgrade", context.Context(cluster, cluster.nodes[0], settings))
    with pytest.raises(context.ContextError, match=r"meanwhile\[0\] on n1: no such table"):
        procedure.meanwhile(run, "packages")


def test_every_place_is_one_that_the_procedure_knows() -> None:
    cluster = context.parse_cluster(NODES)
    run = procedure.Run("upgrade", context.Context(cluster, cluster.nodes[0], set_to()))
    assert all(procedure._places(run, where) for where in MEANWHILE["on"])
