"""The scenario table, and what scenarios make of nodes."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal import bases, nodes, scenario, topology
from rehearsal.errors import UsageError
from rehearsal.keys import Secrets, SshKey
from rehearsal.render import icinga
from rehearsal.to_4_26 import STEP
from rehearsal.to_4_26.data import accounts
from rehearsal.topology import Role

REQUIRED = {
    "guide", "no-updates", "no-asset", "custom-ocs-active", "custom-ocs-inactive", "fencing-off",
    "wrong-version-4.21", "wrong-version-4.24", "wrong-version-4.27", "at-4.26", "mixed-versions",
    "foreign-rpmnew", "leftover-ban", "standby-node", "passwords-differ", "cluster-file-missing",
}  # fmt: skip
NAMES = [scenario.name for scenario in STEP.scenarios]


def plan(name: str, made: Path) -> nodes.Plan:
    for part in ("pcsd.crt", "pcsd.key", "icinga-ca.crt"):
        (made / part).write_bytes(b"x")
    for part in ("qnetd", "qdevice"):
        (made / part).mkdir(exist_ok=True)
        (made / part / "cert9.db").write_bytes(b"x")
    cluster = topology.build(services=STEP.services)
    key = SshKey("PRIVATE", "ssh-ed25519 PUBLIC")
    found = STEP.scenario(name)
    settings = STEP.draw(1, found.for_settings())
    return nodes.Plan(
        STEP, bases.DEFAULT, cluster, found, settings, Secrets(b"c", b"p", "token"), key, key,
        {node.name: key for node in cluster.nodes}, made,
    )  # fmt: skip


def test_every_scenario_asked_for_is_there() -> None:
    assert set(NAMES) >= REQUIRED
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("found", STEP.scenarios, ids=lambda found: found.name)
def test_a_scenario_differs_from_the_default_and_says_how(found: scenario.Scenario) -> None:
    assert found.description
    default = STEP.scenario()
    renamed = dataclasses.replace(found, name=default.name, description=default.description)
    assert default.name == "guide"
    assert (renamed == default) == (found.name == default.name)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_nodes_of_every_scenario_can_be_written(name: str, tmp_path: Path) -> None:
    made = plan(name, tmp_path)
    for node in made.topology.nodes:
        target = tmp_path / "out" / node.short
        nodes.write(made, node, target)
        boot = json.loads((target / "boot.json").read_text(encoding="utf-8"))
        assert (boot["node"], boot["init"]) == (node.name, [])
        for entry in boot["files"]:
            assert (target / "files" / entry["path"].lstrip("/")).is_file()


def test_unknown_scenario_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no scenario 'guid'.*guide, no-updates"):
        STEP.scenario("guid")


def step_names(name: str, number: int, tmp_path: Path) -> list[str]:
    made = plan(name, tmp_path)
    node = made.topology.nodes[number - 1]
    return [" ".join(step["argv"]) for step in nodes.steps(made, node)]


def test_only_the_named_node_is_changed(tmp_path: Path) -> None:
    removal = "rm /etc/neteye-cluster"
    assert removal in step_names("cluster-file-missing", 3, tmp_path)
    assert removal not in step_names("cluster-file-missing", 2, tmp_path)


def test_without_the_asset_module_no_ocs_file_is_edited(tmp_path: Path) -> None:
    names = step_names("no-asset", 1, tmp_path)
    assert not any("edit_ocs_files" in name or "ocsinventory" in name for name in names)


def test_one_node_with_another_password(tmp_path: Path) -> None:
    made = plan("passwords-differ", tmp_path)

    def password(number: int) -> Any:
        steps = nodes.steps(made, made.topology.nodes[number - 1])
        return next(json.loads(s["stdin"])["password"] for s in steps if "stdin" in s)

    assert password(1) == password(3) != password(2)


def test_passwords_are_never_in_argument_lists(tmp_path: Path) -> None:
    made = plan("guide", tmp_path)
    words = [w for n in made.topology.nodes for s in nodes.steps(made, n) for w in s["argv"]]
    assert not any(p in word for p in made.settings["passwords"].values() for word in words)


def test_secrets_are_for_root_only(tmp_path: Path) -> None:
    made = plan("guide", tmp_path)
    passwords = [p.encode() for p in made.settings["passwords"].values()]
    for node in made.topology.nodes:
        for path, file in nodes.files(made, node).items():
            if b"PRIVATE" in file.content or any(p in file.content for p in passwords):
                assert file.mode & 0o077 == 0, path


def test_operative_nodes_know_who_vouches_for_icinga(tmp_path: Path) -> None:
    made = plan("guide", tmp_path)
    having = [n.role for n in made.topology.nodes if icinga.AUTHORITY in nodes.files(made, n)]
    assert having == [Role.OPERATIVE] * 3


def test_units_are_enabled_by_role(tmp_path: Path) -> None:
    cluster = topology.build()
    by_role = {node.role: nodes.units(cluster, node) for node in cluster.nodes}
    assert "pacemaker.service" in by_role[Role.OPERATIVE]
    assert "corosync-qdevice.service" in by_role[Role.OPERATIVE]
    assert "corosync-qnetd.service" in by_role[Role.VOTING]
    assert not {"corosync.service", "pacemaker.service"} & set(by_role[Role.ELASTIC])
    assert not {"corosync.service", "pacemaker.service"} & set(by_role[Role.VOTING])


def test_qdevice_needs_a_voting_node() -> None:
    cluster = topology.build(counts={Role.OPERATIVE: 2})
    assert "corosync-qdevice.service" not in nodes.units(cluster, cluster.nodes[0])


def test_database_accounts_work_from_everywhere() -> None:
    passwords = {"ocsserver": "a", "glpi_ocsinventoryng": "b", "glpi": "c"}
    created = [s for s in accounts(passwords) if s.startswith("CREATE USER")]
    assert len(created) == 6
    assert "CREATE USER 'ocsserver'@'%' IDENTIFIED BY 'a'" in created


def test_settings_given_by_hand_go_before_what_is_drawn() -> None:
    overrides = {"seconds_per_node": 9, "release_file": "packages"}
    settings = STEP.draw(1, STEP.scenario("guide").for_settings(overrides))
    assert settings["seconds_per_node"] == 9
    assert settings["release_file"] == "packages"
    assert settings["passwords"] == STEP.draw(1)["passwords"]
