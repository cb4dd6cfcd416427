"""As whom the controller logs in is a value: chosen by `--login`, kept by the cluster, written to
its nodes and its inventory."""

import dataclasses
import shutil
import subprocess
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from rehearsal import cli, cluster, host, known, logins, nodes, state, waiting
from rehearsal.render import inventory, ssh
from rehearsal.topology import DEFAULT_COUNTS
from tests.rehearsal.test_rehearsal_scenarios import plan

USER = "upgrade"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> state.Asked:
    """The record of a cluster to which that user logs in."""
    monkeypatch.setattr(state, "ROOT", tmp_path / "state")
    monkeypatch.setattr(state, "_LOCKS", tmp_path / "lock")
    network = IPv4Network("10.125.40.0/24")
    asked = state.Asked("x", "guide", 4, DEFAULT_COUNTS, network, login=USER)
    place = state.State("x")
    place.start_anew()
    place.write(asked, "image:1")
    return asked


@pytest.fixture
def planned(tmp_path: Path) -> nodes.Plan:
    made = plan("guide", tmp_path)
    key = dataclasses.replace(made.controller_key, public="ssh-ed25519 CONTROLLER")
    return dataclasses.replace(made, login=USER, controller_key=key)


@pytest.mark.parametrize("name", ["", "Upgrade", "a b", "up\nroot", "x" * 40, "-x"])
def test_a_name_that_no_login_has_is_refused_before_anything_is_done(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "prepare", lambda: pytest.fail("the machine was prepared"))
    assert cli.main(["up", f"--login={name}"]) == cli.USAGE_ERROR
    assert "is no name of a user, such as root or upgrade" in capsys.readouterr().err


def test_up_hands_the_login_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(cluster, "up", lambda *_, login, **__: seen.append(login))
    for words in ([], ["--login", USER]):
        assert cli.main(["up", *words]) == 0
    assert seen == [None, USER]


def test_a_cluster_keeps_its_login(made: state.Asked) -> None:
    assert known.login_of("x") == USER
    assert known.login_of("y") == logins.ROOT
    before = made.as_json()
    assert state.Asked.from_json(before) == made
    del before["login"]
    assert state.Asked.from_json(before).login == logins.ROOT


def test_status_and_inventory_tell_it(
    made: state.Asked, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "overview", lambda _: [])
    monkeypatch.setattr(waiting, "pcs_status", lambda _: "")
    assert cli.main(["status", "--name", "x"]) == 0
    assert f", login {USER}, " in capsys.readouterr().out
    text = known.inventory_text("x")
    assert f"\nansible_user={USER}\nansible_become=yes\n" in text
    plain = inventory.inventory(made.topology, Path("config"), {})
    assert "\nansible_user=root\n" in plain
    assert "become" not in plain
    assert f"    User {USER}\n" in ssh.client_config(made.topology, Path("ssh"), USER)


def test_the_controller_s_key_is_the_user_s_and_no_more_root_s(planned: nodes.Plan) -> None:
    node = planned.topology.nodes[0]
    files = nodes.files(planned, node)
    roots = files["/root/.ssh/authorized_keys"].content.decode()
    assert planned.controller_key.public not in roots
    assert planned.cluster_key.public in roots
    assert files[logins._KEYS].content.decode() == f"{planned.controller_key.public}\n"
    assert nodes.steps(planned, node)[0]["argv"][0] == "useradd"
    plain = dataclasses.replace(planned, login=logins.ROOT)
    as_root = nodes.files(plain, node)
    assert set(files) - set(as_root) == {logins._SSHD, logins._KEYS, "/etc/sudoers.d/rehearsal"}
    assert planned.controller_key.public in as_root["/root/.ssh/authorized_keys"].content.decode()
    assert nodes.steps(plain, node)[0]["argv"][0] == "dnf"


def test_sshd_lets_root_in_from_the_nodes_alone(planned: nodes.Plan, tmp_path: Path) -> None:
    """Asked of a real sshd: in what it includes, Match ends with the file."""
    sshd = shutil.which("sshd", path="/usr/sbin:/usr/bin")
    if sshd is None:
        pytest.fail("there is no sshd on this machine: make sshd")
    node = planned.topology.nodes[0]
    for name, file in nodes.files(planned, node).items():
        if name.startswith("/etc/ssh/") and name.endswith((".conf", "_key")):
            path = tmp_path / Path(name).name
            path.write_bytes(file.content)
            path.chmod(0o600)
    (tmp_path / "rehearsal.conf").write_bytes(IMAGE_S_OWN.read_bytes())
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True
    )
    config = tmp_path / "sshd_config"
    config.write_text(f"Include {tmp_path}/*.conf\nHostKey {tmp_path}/key\n")

    def told(user: str, address: str) -> dict[str, str]:
        words = [sshd, "-T", "-f", str(config), "-C", f"user={user},addr={address},host=h"]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)

    other, controller = str(planned.topology.nodes[1].address), "10.125.26.1"
    assert told("root", other)["permitrootlogin"] == "without-password"
    assert told("root", controller)["permitrootlogin"] == "no"
    assert told(USER, controller)["authorizedkeysfile"] == logins._KEYS
    assert told("root", other)["authorizedkeysfile"] != logins._KEYS
    assert told(USER, controller)["maxsessions"] == "64"


IMAGE_S_OWN = Path(logins.__file__).parent / "image/rootfs/etc/ssh/sshd_config.d/rehearsal.conf"
