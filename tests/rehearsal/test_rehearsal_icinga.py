"""The rehearsal's Icinga 2: what it watches, who may ask it, its certificate, what it sends."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from rehearsal import topology
from rehearsal.image import HERE
from rehearsal.inside import commands
from rehearsal.inside import icinga as prepared
from rehearsal.render import icinga
from rehearsal.services import CORE
from rehearsal.standins import settings
from rehearsal.to_4_26 import STEP
from rehearsal.topology import Role, Topology

APPEND = HERE / "image/rootfs/usr/lib/neteye-rehearsal/append_message.py"
UNIT = HERE / "image/rootfs/etc/systemd/system/icinga2-master.service"
NODES = {Role.OPERATIVE: 2, Role.ELASTIC: 1, Role.VOTING: 1}


@pytest.fixture(scope="module")
def cluster() -> Topology:
    return topology.build("lab", NODES, IPv4Network("10.125.77.0/24"), STEP.services)


@pytest.fixture(scope="module")
def files(cluster: Topology) -> Mapping[str, str]:
    return icinga.files(cluster, STEP.draw(26)["passwords"])


def hosts(text: str) -> dict[str, str]:
    """Name -> address."""
    return dict(re.findall(r'object Host "([^"]+)" \{\n    address = "([^"]*)"\n', text))


def test_each_node_the_cluster_and_a_host_outside_are_watched(files: Mapping[str, str]) -> None:
    """By one of their names, with or without an address: as sites do it."""
    assert hosts(files["conf.d/hosts.conf"]) == {
        "neteye01.lab.example.test": "10.125.77.11",
        "neteye02.lab.example.test": "10.125.77.12",
        "neteye03.neteyelocal": "",
        "neteye04.neteyelocal": "",
        "lab.example.test": "10.125.77.100",
        "printer.example.test": "192.0.2.17",
    }


def test_each_host_has_services(files: Mapping[str, str]) -> None:
    text = files["conf.d/hosts.conf"]
    found = re.findall(r'object Service "([^"]+)" \{\n    host_name = "([^"]+)"', text)
    assert {host for _, host in found} == set(hosts(text))
    assert len(set(found)) == len(found)


def test_the_api_listens_at_the_services_address_alone(
    cluster: Topology, files: Mapping[str, str]
) -> None:
    address = cluster.service_address("icinga2-master")
    assert f'bind_host = "{address}"' in files["icinga2.conf"]


@pytest.mark.parametrize("user", sorted(icinga.USERS))
def test_each_api_user_has_a_password_that_is_drawn(
    user: str, files: Mapping[str, str], cluster: Topology
) -> None:
    drawn = STEP.draw(26)["passwords"]
    text = files[f"conf.d/{user}-api-user.conf"]
    assert (
        f'object ApiUser "{user}" {{\n    password = "{drawn[icinga.password_name(user)]}"' in text
    )


def test_each_password_of_icinga_is_of_a_user() -> None:
    """Password files would be left on the nodes that open nothing."""
    drawn = {name for name in STEP.draw(1)["passwords"] if name.startswith("icinga2_")}
    assert drawn == {icinga.password_name(user) for user in icinga.USERS}


def test_a_password_can_have_any_character() -> None:
    passwords = {icinga.password_name(user): 'a"b\\c' for user in icinga.USERS}
    made = icinga.files(topology.build(services=STEP.services), passwords)
    assert 'password = "a\\"b\\\\c"\n' in made["conf.d/root-api-user.conf"]


def test_passwords_of_icinga_change_nothing_else_of_what_a_seed_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The seeds that people wrote down, and those of tests."""
    drawn = STEP.draw(26)
    monkeypatch.setattr(settings, "PASSWORDS", ("hacluster", "mariadb_root"))
    monkeypatch.setattr(settings, "_LATER", ())
    before = STEP.draw(26)
    users = {icinga.password_name(user) for user in icinga.USERS}
    others = {name: word for name, word in drawn["passwords"].items() if name not in users}
    assert {**drawn, "passwords": others} == before


def test_the_unit_is_of_the_resources_name_and_reads_what_is_prepared() -> None:
    service = next(one for one in CORE if one.name == icinga.SERVICE)
    text = UNIT.read_text(encoding="ascii")
    assert UNIT.stem == service.name
    assert f"AssertPathIsMountPoint={service.mount_point}\n" in text
    assert f"{service.mount_point}/conf/icinga2/icinga2.conf" in text
    assert icinga.MESSAGES.startswith(f"{service.mount_point}/")


def test_icingas_own_unit_starts_on_no_node() -> None:
    script = (HERE / "image/rootfs/usr/lib/neteye-rehearsal/configure.sh").read_text()
    units = re.search(r"for unit in (.*?); do", script, re.DOTALL)
    assert units is not None
    assert "icinga2" in units[1].split()


def test_a_message_is_a_line_of_json(tmp_path: Path) -> None:
    target = tmp_path / "messages.jsonl"
    said = {"MESSAGE_type": "PROBLEM", "MESSAGE_comment": 'ä "quoted"\nline', "MESSAGE_service": ""}
    for _ in range(2):
        subprocess.run([APPEND, target], env={**os.environ, **said}, check=True)
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 2
    assert lines[0]["comment"] == 'ä "quoted"\nline'
    assert set(lines[0]) == {"time", "type", "comment", "service"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, files: Mapping[str, str]) -> Path:
    """Icinga's directory as a container of the image makes it; `ca.crt` beside it."""
    place = tmp_path_factory.mktemp("icinga")
    with pytest.MonkeyPatch.context() as patch:
        # there is no user nagios here
        patch.setattr(prepared, "run", lambda *argv: None)
        prepared.prepare(place / "icinga2", files, place / "ca.crt")
    return place


def test_the_certificate_is_good_for_the_services_name(made: Path) -> None:
    certificates = made / "icinga2/data/lib/icinga2/certs"
    for name, code in ((prepared.NAME, 0), ("other.neteyelocal", 2)):
        words = ["openssl", "verify", "-CAfile", made / "ca.crt", "-verify_hostname", name]
        done = subprocess.run([*words, certificates / f"{prepared.NAME}.crt"], check=False)
        assert done.returncode == code, name
    assert f"{icinga.SERVICE}.neteyelocal" == prepared.NAME


def test_the_authoritys_key_is_kept_nowhere(made: Path) -> None:
    """What is on the nodes can't sign anything."""
    keys = [path.name for path in made.rglob("*") if path.is_file() and "KEY" in path.read_text()]
    assert keys == [f"{prepared.NAME}.key"]


def test_the_configuration_is_where_the_unit_reads_it(made: Path, files: Mapping[str, str]) -> None:
    conf = made / "icinga2/conf/icinga2"
    found = {path.relative_to(conf).as_posix() for path in conf.rglob("*") if path.is_file()}
    assert found == set(files)
    assert all((conf / name).stat().st_mode & 0o007 == 0 for name in files)


def test_a_command_that_fails_is_told_with_its_words() -> None:
    with pytest.raises(RuntimeError, match=r"`ls` ended with 2: .*no-such-file"):
        commands.run("ls", "/no-such-file")
