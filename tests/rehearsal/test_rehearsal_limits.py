"""A machine's limits: what a cluster needs of it, and the sentence when it has less."""

import dataclasses
import os
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from rehearsal import cluster, host, image, limits, network, podman, starting, state
from rehearsal.errors import RehearsalError
from rehearsal.limits import Left, Machine
from rehearsal.topology import DEFAULT_COUNTS, Role, build, parse_counts

GB = 10**9
ENOUGH = Machine(Left(2 * GB, "MemAvailable, swap"), Left(9000, "kernel.pid_max"), 8192)
LARGEST = parse_counts("operative=16,elastic=8,voting=1")


def test_five_nodes_need_what_is_told_in_the_documentation() -> None:
    assert limits.lacks(DEFAULT_COUNTS, ENOUGH) == []
    told = Machine(Left(1300 * 10**6, ""), ENOUGH.tasks, 1024)
    assert limits.lacks(DEFAULT_COUNTS, told) == []


@pytest.mark.parametrize("role", list(Role))
def test_each_node_more_needs_more(role: Role) -> None:
    """Nobody has a kind of node for nothing."""
    small = parse_counts("operative=2")
    larger = {**small, role: small[role] + 1}

    def needed(counts: dict[Role, int]) -> tuple[int, int]:
        nothing = dataclasses.replace(ENOUGH, memory=Left(0, ""), tasks=Left(0, ""))
        memory, tasks = limits.lacks(counts, nothing)
        return int(memory.split()[4]), int(tasks.split()[4])

    assert all(more > less for more, less in zip(needed(larger), needed(small), strict=True))


def test_too_little_memory_is_told_with_the_way_out() -> None:
    found = limits.lacks(LARGEST, ENOUGH)
    assert found == [
        "25 nodes need about 5995 MB of memory, and 2000 MB are free (MemAvailable, swap)."
        " Take fewer, `python -m rehearsal up --nodes operative=2`, or add swap:"
        " `fallocate -l 4G /swapfile && chmod 600 /swapfile && mkswap /swapfile"
        " && swapon /swapfile`."
    ]


def test_swap_is_no_way_out_of_a_containers_limit() -> None:
    inside = dataclasses.replace(ENOUGH, memory=Left(GB, "/sys/fs/cgroup/memory.max"))
    (found,) = limits.lacks(DEFAULT_COUNTS, inside)
    assert "swap" not in found
    assert "1000 MB are free (/sys/fs/cgroup/memory.max)" in found
    assert "give this container 1G more" in found


@pytest.mark.parametrize(
    ("by", "command"),
    [
        ("kernel.threads-max", "`sysctl -w kernel.threads-max=131072`"),
        ("/sys/fs/cgroup/pids.max", "`--pids-limit=-1`"),
    ],
)
def test_too_few_processes_are_told_with_the_way_out(by: str, command: str) -> None:
    (found,) = limits.lacks(DEFAULT_COUNTS, dataclasses.replace(ENOUGH, tasks=Left(500, by)))
    assert f"need about 510 processes and threads, and 500 are left ({by})" in found
    assert command in found


def test_too_few_open_files_are_told_with_the_way_out() -> None:
    (found,) = limits.lacks(DEFAULT_COUNTS, dataclasses.replace(ENOUGH, files=512))
    assert "512 files" in found
    assert "`prlimit --pid $$ --nofile=8192:8192`" in found


def test_all_that_is_lacking_is_told_at_once() -> None:
    assert len(limits.lacks(DEFAULT_COUNTS, Machine(Left(0, ""), Left(0, ""), 0))) == 3


def test_a_disk_that_is_full_is_told_with_the_way_out() -> None:
    assert limits.lacks_disk("An image", 700, Path("/srv"), 700) is None
    found = limits.lacks_disk("An image", 700 * 10**6, Path("/srv"), 699 * 10**6)
    assert found is not None
    assert found.startswith("An image needs 700 MB at /srv, and 699 MB are free there.")
    assert "`du -xhd1 /srv | sort -h`" in found


def test_a_folder_that_is_not_there_yet_is_on_the_disk_of_the_one_above(tmp_path: Path) -> None:
    limits.require_disk("An image", [(tmp_path / "a/b", 1)])
    with pytest.raises(RehearsalError, match=f"An image needs .* MB at {tmp_path}, and"):
        limits.require_disk("An image", [(tmp_path / "a/b", 2**60)])


def test_two_folders_of_one_disk_need_the_sum(tmp_path: Path) -> None:
    state = os.statvfs(tmp_path)
    most = state.f_bavail * state.f_frsize * 2 // 3
    limits.require_disk("An image", [(tmp_path, most)])
    with pytest.raises(RehearsalError, match="An image needs"):
        limits.require_disk("An image", [(tmp_path, most), (tmp_path / "b", most)])


@pytest.fixture
def kernel(tmp_path: Path) -> tuple[Path, Path]:
    """A /proc and a /sys/fs/cgroup of a machine with 8 GB, nothing limited."""
    proc, cgroup = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "sys/kernel").mkdir(parents=True)
    cgroup.mkdir()
    (proc / "meminfo").write_text("MemTotal: 9000000 kB\nMemAvailable: 8000000 kB\nHugePages: 0\n")
    (proc / "loadavg").write_text("0.1 0.2 0.3 3/1225 22446\n")
    (proc / "sys/kernel/threads-max").write_text("192729\n")
    (proc / "sys/kernel/pid_max").write_text("32768\n")
    return proc, cgroup


def test_what_the_kernel_says_is_what_is_there(kernel: tuple[Path, Path]) -> None:
    found = limits.look(*kernel)
    assert found.memory == Left(8192000000, "MemAvailable, swap")
    assert found.tasks == Left(32768 - 1225, "kernel.pid_max")
    assert found.files > 0


@pytest.mark.parametrize("hidden", ["meminfo", "loadavg", "sys/kernel/threads-max"])
@pytest.mark.parametrize("text", [None, "", "no figure\n"])
def test_what_the_kernel_does_not_tell_is_said_in_a_sentence(
    kernel: tuple[Path, Path], hidden: str, text: str | None
) -> None:
    """As in a container where parts of /proc are hidden."""
    path = kernel[0] / hidden
    path.unlink()
    if text is not None:
        path.write_text(text)
    with pytest.raises(RehearsalError, match="What this machine has left for nodes can't be read"):
        limits.look(*kernel)


@pytest.mark.parametrize("above", ["", "memory/"])
def test_a_containers_limit_counts_where_it_is_lower(kernel: tuple[Path, Path], above: str) -> None:
    """In version 2 of cgroups and in version 1; what the kernel would give back is free."""
    proc, cgroup = kernel
    names = ("limit_in_bytes", "usage_in_bytes", "total_") if above else ("max", "current", "")
    (cgroup / above).mkdir(exist_ok=True)
    limit = cgroup / above / f"memory.{names[0]}"
    limit.write_text("3000\n")
    (cgroup / above / f"memory.{names[1]}").write_text("2000\n")
    (cgroup / above / "memory.stat").write_text(f"anon 5\n{names[2]}inactive_file 500\n")
    assert limits.look(proc, cgroup).memory == Left(1500, str(limit))


@pytest.mark.parametrize("above", ["", "pids/"])
def test_a_containers_number_of_processes_counts(kernel: tuple[Path, Path], above: str) -> None:
    proc, cgroup = kernel
    (cgroup / above).mkdir(exist_ok=True)
    limit = cgroup / above / "pids.max"
    (cgroup / above / "pids.current").write_text("20\n")
    limit.write_text("max\n")
    assert limits.look(proc, cgroup).tasks.by == "kernel.pid_max"
    limit.write_text("100\n")
    assert limits.look(proc, cgroup).tasks == Left(80, str(limit))


def test_inotify_instances_are_counted_by_having_them() -> None:
    assert limits._can_watch(3)
    assert not limits._can_watch(10**6)
    assert limits._can_watch(3)  # nothing was kept


@pytest.fixture
def limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kernel's limit of inotify instances, and none of them is left."""
    path = tmp_path / "max_user_instances"
    path.write_text("128\n")
    monkeypatch.setattr(limits, "_INOTIFY", path)
    monkeypatch.setattr(limits, "_can_watch", lambda wanted: wanted <= 100)
    return path


def test_room_for_many_nodes_is_made_and_told(
    limit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limits._make_room_to_watch(5)
    assert (limit.read_text(), capsys.readouterr().out) == ("128\n", "")
    limits._make_room_to_watch(18)
    assert limit.read_text() == "1024\n"
    assert "max_user_instances was 128, too few for 18 nodes; now 1024" in capsys.readouterr().out


def test_without_room_one_sentence_says_why(limit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "write_text", refused)
    with pytest.raises(RehearsalError, match=r"max_user_instances is 128.*Read-only file system"):
        limits._make_room_to_watch(18)


@pytest.fixture
def poor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with memory for nothing."""
    monkeypatch.setattr(limits, "look", lambda: dataclasses.replace(ENOUGH, memory=Left(9, "")))


def test_no_node_starts_where_there_is_no_room(
    poor: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "ROOT", tmp_path)
    monkeypatch.setattr(podman, "start_node", lambda _: pytest.fail("a node was started"))
    subnet = IPv4Network("10.125.40.0/24")
    made = network.Network("rehearsal-x-1", "podman4", subnet, "x")
    with pytest.raises(RehearsalError, match="5 nodes need about"):
        starting.start_nodes(state.State("x"), build("x"), made, lambda _: "image:1")


def test_no_node_starts_where_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "ROOT", tmp_path)
    monkeypatch.setattr(podman, "start_node", lambda _: pytest.fail("a node was started"))
    monkeypatch.setattr(podman, "graph_root", lambda: tmp_path)
    monkeypatch.setattr(limits, "make_room", lambda _: None)
    monkeypatch.setattr(starting, "_ON_NODE", 2**60)
    made = network.Network("rehearsal-x-1", "podman4", IPv4Network("10.125.40.0/24"), "x")
    with pytest.raises(RehearsalError, match="A cluster of 5 nodes needs"):
        starting.start_nodes(state.State("x"), build("x"), made, lambda _: "image:1")


def test_up_asks_before_it_builds_an_image(
    poor: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "ROOT", tmp_path / "state")
    monkeypatch.setattr(state, "_LOCKS", tmp_path / "lock")
    monkeypatch.setattr(host, "prepare", list)
    monkeypatch.setattr(podman, "containers", lambda _: {})
    monkeypatch.setattr(image, "ensure", lambda *_: pytest.fail("an image was built"))
    with pytest.raises(RehearsalError, match="2 nodes need about 700 MB"):
        cluster.up("x", nodes="operative=2")
