"""`python -m engine inventory`: its options, its exit codes, and a real sshd that says no."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli import main
from engine.parse.inventory_ini import read_inventory
from tests.discovery.world import World, cluster, external
from tests.engine.sshd import ANYTHING, SUDOER, USER, Sshd, behind_jump, key, running
from tests.parse.topology import node_name


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = cluster()
    monkeypatch.setattr("engine.ask.door.open_door", made.door)
    return made


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What it says: one sentence, exit code 4, and nothing on standard output."""
    assert main(["inventory", *words]) == 4
    given = capsys.readouterr()
    assert given.out == ""
    last = [line for line in given.err.splitlines() if line.startswith("ERROR: ")]
    assert given.err.splitlines()[-1:] == last
    return last[0]


def test_only_the_inventory_goes_to_standard_output(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["inventory", f"root@{external(1)}"]) == 0
    given = capsys.readouterr()
    (tmp_path / "prod.ini").write_text(given.out)
    assert len(read_inventory(tmp_path / "prod.ini").hosts) == 5
    assert "5 of 5 nodes reached" in given.err


def test_a_node_that_is_not_reached_leaves_an_inventory_and_1(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    world.machines.remove(world.named(5))
    assert main(["inventory", f"root@{external(1)}"]) == 1
    given = capsys.readouterr()
    (tmp_path / "prod.ini").write_text(given.out)
    assert len(read_inventory(tmp_path / "prod.ini").hosts) == 5
    assert f"{node_name(5)}: not reached. To correct on its line" in given.err
    assert "4 of 5 nodes reached" in given.err


def test_what_is_wrong_on_the_cluster_is_told_and_1(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.status = None
    assert main(["inventory", f"root@{external(1)}"]) == 1
    assert "look at this first" in capsys.readouterr().err


def test_the_check_ends_with_what_it_found(
    world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    main(["inventory", f"root@{external(1)}"])
    path = tmp_path / "prod.ini"
    # a setting that only the version step has: pytest.ini names the package that knows it
    path.write_text(f"{capsys.readouterr().out}runbook_failover_proof=no\n")
    assert main(["inventory", "--check", str(path)]) == 0
    assert capsys.readouterr().out.endswith(f"{path} is as the cluster\n")
    world.machines.remove(world.named(5))
    assert main(["inventory", "--check", str(path)]) == 1
    assert f"{node_name(5)} is not reached" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "no node is named"),
        (("--check", "prod.ini", "root@n1"), "--check and root@n1"),
        (("--check", "prod.ini", "-p", "22", "--become"), "--check and -p, --become"),
        (("--step", "runbook.to_4_26", "n1"), "--step is for --check"),
        (("@n1",), "has no user before the @"),
        (("a b@n1",), "USER is 'a b', expected a login name"),
        (("root@n1:22",), "HOST (a port goes behind -p) is 'n1:"),
        (("root@",), "HOST (a port goes behind -p) is empty"),
        (("-p", "ssh", "n1"), "-p is 'ssh', expected a whole number from 1 to 65535"),
        (("-p", "0", "n1"), "-p is '0'"),
        (("-i", "gone", "n1"), "gone: no such file"),
        (("-F", "gone", "n1"), "gone: no such file"),
        (("-F", "x" * 300, "n1"), "can't be looked at (File name too long)"),
        (("-J", "a b", "n1"), "-J has the jump host 'a b'"),
        (("-J", "-oProxyCommand=x", "n1"), ""),
        (("--check", "gone.ini"), "gone.ini: can't read the inventory"),
        (("--check", "prod.ini", "--step", "runbook.gone"), "runbook_step = runbook.gone"),
    ],
)
def test_bad_input(
    words: tuple[str, ...],
    told: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    if not told:
        with pytest.raises(SystemExit) as ended:
            main(["inventory", *words])
        assert ended.value.code == 4
        return
    assert told in refused(capsys, *words)


# a real sshd, on this machine, which is no node of a cluster


@pytest.fixture
def sshd() -> Iterator[Sshd]:
    with running() as server:
        yield server


def options(server: Sshd, user: str = USER) -> list[str]:
    """What names this sshd, as an operator would type it."""
    directory = server.directory
    return [
        *("-F", str(directory / "ssh_config"), "-i", str(directory / "user_key")),
        *("-p", str(server.port), f"{user}@127.0.0.1"),
    ]


def test_a_machine_of_no_cluster(sshd: Sshd, capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, *options(sshd))
    assert "is no node of a cluster: it has neither /etc/neteye-cluster nor" in told


def test_a_host_key_that_is_not_known_is_not_accepted(
    sshd: Sshd, capsys: pytest.CaptureFixture[str]
) -> None:
    sshd.known_hosts.write_text("")
    told = refused(capsys, *options(sshd))
    assert "The host key of the node is not known here. Compare its fingerprint" in told
    ways = f"ssh -F {sshd.directory}/ssh_config -i {sshd.directory}/user_key -p {sshd.port}"
    assert f"ssh asks you about it by: {ways} {USER}@127.0.0.1" in told
    assert sshd.known_hosts.read_text() == ""


def test_a_login_that_is_denied_is_told_in_the_words_of_the_command_line(
    sshd: Sshd, capsys: pytest.CaptureFixture[str]
) -> None:
    key(sshd.directory / "user_key")
    told = refused(capsys, *options(sshd))
    assert "is not reached: no ssh connection to" in told
    assert "Login was denied by the node" in told
    assert "are here USER@HOST, -p, -i, -J and --become" in told


def test_nobody_listens(sshd: Sshd, capsys: pytest.CaptureFixture[str]) -> None:
    sshd.stop()
    assert "The node accepts no connections there" in refused(capsys, *options(sshd))


def test_by_a_jump_host(capsys: pytest.CaptureFixture[str]) -> None:
    with behind_jump() as both:
        words = options(both.node)
        assert "is no node of a cluster" in refused(capsys, "-J", "jump", *words)
        assert (
            "direct-tcpip" in (both.jump.directory / "log").read_text()
            or "Accepted" in (both.jump.directory / "log").read_text()
        )


def test_a_user_who_is_not_root(capsys: pytest.CaptureFixture[str]) -> None:
    with running(sudoers=[ANYTHING]) as server:
        words = options(server, SUDOER)
        told = refused(capsys, *words)
        assert f"it answers as user {SUDOER} (uid 4711), expected root" in told
        assert "is no node of a cluster" in refused(capsys, "--become", *words)
    with running(sudoers=["root ALL=(ALL) ALL"]) as server:
        told = refused(capsys, "--become", *options(server, SUDOER))
        assert "No rule in sudoers lets upgrade run any command as root" in told


def test_what_is_asked_is_what_a_plan_asks_too(world: World) -> None:
    """No command of it writes: the four questions, and none besides."""
    main(["inventory", f"root@{external(1)}"])
    asked = {json.dumps(argv[:1]) for _, _, argv in world.asked}
    assert asked == {'["sh"]', '["crm_mon"]'}
    scripts = {argv[3] for _, _, argv in world.asked if argv[0] == "sh"}
    assert scripts == {"who", "membership", "addresses"}
