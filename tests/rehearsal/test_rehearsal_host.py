"""Image inputs, networks, the command line and the locks: what needs no container."""

import dataclasses
import fcntl
import itertools
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Network
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from rehearsal import (
    addresses,
    base_image,
    bases,
    cli,
    cluster,
    debootstrap,
    host,
    image,
    network,
    podman,
    run,
    state,
)
from rehearsal.errors import CommandError, RehearsalError, UsageError
from rehearsal.known import is_running
from rehearsal.to_4_26 import STEP
from rehearsal.topology import DEFAULT_COUNTS

NETWORK = IPv4Network("10.125.40.0/24")


def asked(name: str = "x", network: IPv4Network = NETWORK) -> state.Asked:
    return state.Asked(name, "guide", 4, DEFAULT_COUNTS, network)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(state, "ROOT", tmp_path / "state")
    monkeypatch.setattr(state, "_LOCKS", tmp_path / "lock")
    return tmp_path


def test_python3_nacl_is_in_the_image() -> None:
    assert "python3-nacl" in base_image.package_list(STEP)


def test_image_hash_follows_content_and_mode_of_its_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {tmp_path / "a": "one", tmp_path / "b": "two"}
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(image, "input_files", lambda _: {path.name: path for path in files})
    monkeypatch.setattr(image, "base_hash", lambda *_: "base")
    before = image.image_hash(STEP)
    (tmp_path / "a").write_text("changed", encoding="utf-8")
    changed = image.image_hash(STEP)
    (tmp_path / "a").write_text("one", encoding="utf-8")
    (tmp_path / "b").chmod(0o755)

    assert len({before, changed, image.image_hash(STEP)}) == 3


def test_image_inputs_are_the_trees_that_are_copied() -> None:
    names = set(image.input_files(STEP))
    assert {"image/Containerfile", "image/rootfs/usr/sbin/fence_rehearsal"} <= names
    assert {"step/database/fill.sh", "step/rootfs/usr/lib/neteye-rehearsal/ocs_conf.py"} <= names
    assert not any("__pycache__" in name for name in names)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("debian.sources", "Suites: bookworm", ["{path}"]),
        (
            "sources.list",
            "# x\ndeb http://m/debian bookworm main\ndeb cdrom:[x]/ bookworm main\n",
            ["deb http://m/debian bookworm main"],
        ),
        (
            "sources.list",
            "deb http://m/debian trixie main\n",
            ["deb http://m/debian bookworm main"],
        ),
    ],
)
def test_the_machines_own_debian_sources_are_used(
    name: str, text: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(debootstrap, "SOURCES", (tmp_path / "absent", path))
    assert debootstrap.mirrors(bases.DEFAULT.name) == [line.format(path=path) for line in expected]


def test_state_record_gives_back_what_was_asked(root: Path) -> None:
    place = state.State("x")
    place.start_anew()
    assert place.read() is None
    wanted = dataclasses.replace(asked(), overrides={"seconds_per_node": 9})
    place.write(wanted, "image:1")
    assert place.read() == (wanted, "image:1")


def test_a_half_written_record_counts_as_none(root: Path) -> None:
    place = state.State("x")
    place.start_anew()
    (place.directory / "cluster.json").write_text('{"name": "x", ', encoding="utf-8")
    assert place.read() is None


def test_nothing_is_left_after_remove(root: Path) -> None:
    place = state.State("x")
    with state.locked("x"):
        place.start_anew()
        place.remove()
    assert not state.ROOT.exists()
    assert list((root / "lock").iterdir()) == []


def test_a_second_command_on_the_same_cluster_is_refused(root: Path) -> None:
    with state.locked("x"), pytest.raises(RehearsalError, match=r"Another .* cluster 'x'"):
        with state.locked("x"):
            pytest.fail("two held the same lock")


def test_two_clusters_do_not_lock_each_other_out(root: Path) -> None:
    with state.locked("x"), state.locked("y"):
        assert fcntl.LOCK_EX


def routes(
    root: Path, monkeypatch: pytest.MonkeyPatch, *rows: tuple[str, str], podman: Any = ()
) -> list[str]:
    """Give the machine these routes and podman networks; returns what will be dropped."""
    lines = [f"{name} {where} 0 1 0 0 0 00FFFFFF" for name, where in rows]
    (root / "routes").write_text("\n".join(["Iface", *lines]), encoding="ascii")
    dropped: list[str] = []
    monkeypatch.setattr(addresses, "_ROUTES", root / "routes")
    monkeypatch.setattr(network, "networks", lambda: list(podman))
    monkeypatch.setattr(network, "drop_interface", dropped.append)
    return dropped


def known(interface: str, subnet: str) -> network.Network:
    return network.Network("other", interface, IPv4Network(subnet))


def test_networks_in_use_are_avoided(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = known("podman9", "10.125.27.0/24")
    routes(root, monkeypatch, ("br0", "001C7D0A"), podman=[other])
    assert addresses.choose("x") == IPv4Network("10.125.29.0/24")


def test_the_default_cluster_takes_no_other_network(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    routes(root, monkeypatch, podman=[known("podman9", "10.125.0.0/16")])
    with pytest.raises(RehearsalError, match=r"10\.125\.26\.0/24 is in use"):
        addresses.choose("neteye")


def test_a_bridge_without_a_network_is_removed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = known("podman3", "10.125.27.0/24")
    rows = [("podman3", "001B7D0A"), ("podman2", "001A7D0A"), ("br0", "001C7D0A")]
    dropped = routes(root, monkeypatch, *rows, podman=[other])
    with pytest.raises(RehearsalError, match="No free network"):
        addresses.choose("neteye")  # the route file does not change here
    assert dropped == ["podman2"]


def test_a_cluster_keeps_its_network(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = state.State("x")
    place.start_anew()
    place.write(asked(), "image:1")
    routes(root, monkeypatch)
    assert addresses.choose("x") == NETWORK


def test_networks_of_podman_are_read() -> None:
    listing: list[Mapping[str, object]] = [
        {
            "name": "rehearsal-x-1",
            "network_interface": "podman4",
            "subnets": [{"subnet": "fd00::/64"}, {"subnet": "10.125.40.0/24"}],
            "labels": {podman.LABEL: "x"},
        },
        {"name": "foreign", "network_interface": "podman0", "subnets": [{"subnet": "10.0.0.0/8"}]},
        {"name": "none"},
    ]
    assert network.parse_networks(listing) == [
        network.Network("rehearsal-x-1", "podman4", NETWORK, "x"),
        network.Network("foreign", "podman0", IPv4Network("10.0.0.0/8")),
    ]


def test_without_root_one_sentence_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(RehearsalError, match="needs root"):
        host.prepare()


def test_without_a_cgroup_one_sentence_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(host, "_missing_packages", list)
    monkeypatch.setattr(host, "_CGROUP", tmp_path)
    with pytest.raises(RehearsalError, match="No cgroup for systemd"):
        host.prepare()


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Give the machine these programs, and no other."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(host, "_PATH", str(folder))
    monkeypatch.setattr("os.geteuid", lambda: 0)


def version_2(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the machine cgroups of version 2 alone."""
    (root / "cgroup.controllers").touch()
    monkeypatch.setattr(podman, "runtimes", lambda: podman_runtimes(root))


podman_runtimes = podman.runtimes


@pytest.fixture
def all_but_podman(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that lacks podman, a runtime and a firewall, with a package manager to be named."""
    tools = {(name,): package for (name, *_), package in host._TOOLS.items() if "/" not in name}
    monkeypatch.setattr(host, "_TOOLS", tools)
    present = [name for (name,) in tools if name not in ("podman", "ssh")]
    programs(root / "bin", monkeypatch, *present)
    return root


@pytest.mark.parametrize(
    ("manager", "names"),
    [
        ("dnf", "`dnf install -y crun iptables openssh-clients podman`"),
        ("zypper", "`zypper install -y crun iptables openssh-clients podman`"),
        ("pacman", "Missing on this machine: crun, iptables, openssh-client, podman (Debian's"),
    ],
)
def test_without_apt_the_command_that_installs_is_told(
    manager: str, names: str, all_but_podman: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(all_but_podman / "bin", monkeypatch, manager)
    version_2(all_but_podman, monkeypatch)
    with pytest.raises(RehearsalError, match="Missing on this machine") as told:
        host.prepare()
    assert names in str(told.value)


def test_a_hybrid_of_cgroups_needs_runc_on_each_machine(
    all_but_podman: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """crun gives the controllers up there."""
    programs(all_but_podman / "bin", monkeypatch, "dnf", "podman", "crun", "nft", "ssh")
    monkeypatch.setattr(podman, "runtimes", lambda: podman_runtimes(all_but_podman))
    with pytest.raises(RehearsalError, match="install -y runc`"):
        host.prepare()


def test_what_other_distributions_have_is_enough(
    all_but_podman: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """nft and crun, on cgroups of version 2; netavark lies in another folder there."""
    programs(all_but_podman / "bin", monkeypatch, "dnf", "podman", "crun", "nft", "ssh")
    version_2(all_but_podman, monkeypatch)
    assert host._missing_packages() == []
    assert podman.runtime() == "crun"
    programs(all_but_podman / "bin", monkeypatch, "runc")
    assert podman.runtime() == "runc"
    (netavark,) = (each for each, package in TOOLS.items() if package == "netavark")
    assert {Path(path).parent for path in netavark} == {
        Path("/usr/lib/podman"),
        Path("/usr/libexec/podman"),
    }


TOOLS = host._TOOLS


@pytest.mark.parametrize("version", ["3.4.4", "", "dev"])
def test_a_podman_that_is_too_old_is_told(version: str) -> None:
    with pytest.raises(RehearsalError, match=f"version '{version}', and the rehearsal needs 4"):
        host.require_version(version)


@pytest.mark.parametrize("version", ["4.0.2", "4.3.1", "5.4.2-rc1", "10.0"])
def test_a_podman_that_is_new_enough_is_taken(version: str) -> None:
    host.require_version(version)


def test_what_builds_an_image_is_no_matter_of_a_cluster(
    all_but_podman: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an image was loaded, none is built."""
    programs(all_but_podman / "bin", monkeypatch, *("podman", "runc", "iptables", "ssh", "apt-get"))
    assert host._missing_packages() == []
    assert "mmdebstrap" in host.missing_builders()


def test_of_clusters_that_start_at_once_one_installs(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """apt-get does not wait for another one."""
    missing, installed = ["podman"], []
    looks, both_have_seen = itertools.count(), Barrier(2)

    def look() -> list[str]:
        found = list(missing)
        if next(looks) < 2:
            both_have_seen.wait(timeout=300)
        return found

    def install(packages: list[str]) -> None:
        installed.append(packages)
        missing.clear()

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(host, "_missing_packages", look)
    monkeypatch.setattr(host, "_install", install)
    monkeypatch.setattr(host, "_require_cgroup", lambda: None)
    monkeypatch.setattr(host, "_require_podman", lambda: None)
    with ThreadPoolExecutor() as pool:
        told = sorted(pool.map(lambda _: host.prepare(), range(2)))
    assert installed == [["podman"]]
    assert told == [[], ["podman"]]


@pytest.mark.parametrize(
    "words",
    [["upp"], ["up", "--nodes"], ["up", "--seed", "x"], ["shell"], []],
)
def test_usage_errors_end_with_4(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == cli.USAGE_ERROR
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["up", "--scenario", "nonsense"],
        ["up", "--nodes", "operative=1"],
        ["up", "--name", "A/b"],
        ["up", "--set", "release_file=never"],
        ["up", "--step", "tests.nowhere"],
        ["up", "--step", "tests.next_step.rehearsal", "--scenario", "no-asset"],
        ["reset", "--set", "nonsense=1"],
    ],
)
def test_wrong_values_end_with_4_before_anything_is_done(
    words: list[str],
    root: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host, "prepare", lambda: pytest.fail("the machine was prepared"))
    assert cli.main(words) == cli.USAGE_ERROR
    assert capsys.readouterr().err
    assert not state.ROOT.exists()


def test_a_cluster_that_is_not_there_ends_with_1(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["status", "--name", "nowhere"]) == 1
    assert "python -m rehearsal up" in capsys.readouterr().err
    assert not is_running("nowhere")


def test_a_name_is_a_word() -> None:
    with pytest.raises(UsageError, match="small letters"):
        cluster.down("../etc")


def test_the_package_starts_with_nothing_but_python() -> None:
    """`-S` hides site-packages: only the standard library is left."""
    tree = image.HERE.parent
    command = [sys.executable, "-S", "-m", "rehearsal", "up", "--help"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--scenario" in done.stdout


def test_a_command_that_fails_says_what_it_printed() -> None:
    with pytest.raises(CommandError, match=r"`false` ended with 1"):
        run.run(["false"])


def test_a_command_has_a_deadline() -> None:
    with pytest.raises(CommandError, match="did not answer in time"):
        run.run(["sleep", "60"], timeout=0.05)


def test_a_missing_program_is_named() -> None:
    with pytest.raises(CommandError, match="no-such-program is not installed"):
        run.run(["no-such-program"])


def test_the_longer_the_wait_the_rarer_the_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, pauses = [0.0], []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(run.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(run.time, "sleep", sleep)
    run.wait_for("a thing", lambda: None if clock[0] > 40 else "it", seconds=60)
    assert pauses[0] == 0.4
    assert pauses == sorted(pauses)
    assert pauses[-1] == 1.0
    pauses.clear()
    run.wait_for("a thing", lambda: None if clock[0] > 60 else "it", seconds=60, every=3.0)
    assert set(pauses) == {3.0}


def test_waiting_says_what_is_still_missing() -> None:
    with pytest.raises(RehearsalError, match="bread: not reached within 0 s, still: flour"):
        run.wait_for("bread", lambda: "flour", seconds=0, every=0)


@pytest.mark.parametrize("images", [False, True])
def test_down_on_a_bare_machine_has_nothing_to_ask_podman(
    root: Path, monkeypatch: pytest.MonkeyPatch, images: bool
) -> None:
    """`make rehearsal` begins with it, before anything is installed."""
    monkeypatch.setenv("PATH", str(root / "empty"))
    monkeypatch.setattr(host, "require_root", lambda: None)
    said: list[str] = []
    cluster.down("bare", images=images, say=said.append)
    assert said == ["cluster 'bare' is gone"]
