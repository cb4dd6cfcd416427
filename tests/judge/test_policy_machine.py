"""Disk space, clocks, N's strength, leftovers, running commands, health."""

from __future__ import annotations

import pytest

from engine.judge.machine import (
    can_carry,
    clock_difference,
    clocks_compared,
    config_leftovers,
    disk_space,
    file_system_of,
    health,
    no_command_running,
    to_carry,
)
from engine.model.host import FailingScript, FileSystem, HealthResult, Memory, Process
from tests.judge import builders as b

GIB, MIB = 2**30, 2**20
NEEDED = {"/": 3 * GIB, "/var": 3 * GIB, "/boot": 150 * MIB}


def mounts(**available: int) -> list[FileSystem]:
    """`root`, `var`, `boot`, `varlog`: free bytes."""
    paths = {"root": "/", "var": "/var", "boot": "/boot", "variable": "/variable"}
    return [FileSystem(paths[name], 50 * GIB, free) for name, free in available.items()]


class TestDiskSpace:
    def test_enough(self) -> None:
        seen = {b.N: mounts(root=3 * GIB, var=9 * GIB, boot=150 * MIB)}
        assert disk_space(seen, NEEDED) == ()

    def test_each_shortage_on_each_node(self) -> None:
        short = mounts(root=3 * GIB - 1, var=9 * GIB, boot=10 * MIB)
        findings = disk_space({b.N: short, b.SECOND: mounts(root=9 * GIB)}, NEEDED)
        assert [(f.code, f.subject) for f in findings] == [
            ("disk-space", f"{b.N}:/"),
            ("disk-space", f"{b.N}:/boot"),
        ]
        assert "10 MiB are free" in findings[1].observed
        assert "150 MiB" in findings[1].expected
        b.assert_told_well(findings)

    def test_a_path_that_is_no_mount_is_looked_up_at_its_parent(self) -> None:
        (finding,) = disk_space({b.N: mounts(root=3 * GIB)}, {"/var/cache": 4 * GIB})
        assert "/var/cache (on /)" in finding.observed

    def test_a_name_that_only_begins_alike_is_no_parent(self) -> None:
        found = file_system_of("/var/lib", mounts(root=1, variable=2))
        assert found is not None
        assert found.mount == "/"

    def test_the_longest_parent_wins(self) -> None:
        found = file_system_of("/var/lib", mounts(root=1, var=2))
        assert found is not None
        assert found.mount == "/var"

    def test_no_file_system_is_a_finding(self) -> None:
        (finding,) = disk_space({b.N: mounts(var=9 * GIB)}, {"/boot": 1})
        assert finding.code == "disk-space"
        assert "no file system" in finding.observed


def reading(offset: float, took: float = 0.1, sent: float = 1000.0) -> tuple[float, float, float]:
    """A node whose clock is `offset` seconds ahead, read in the middle of the exchange."""
    return (sent, sent + took / 2 + offset, sent + took)


class TestClocks:
    def test_equal_clocks(self) -> None:
        seen = {name: reading(0.0, sent=1000.0 + i) for i, name in enumerate(b.DEFAULT.all)}
        assert clock_difference(seen, 2) == ()

    def test_the_controllers_own_error_does_not_matter(self) -> None:
        assert clock_difference({name: reading(86400.0) for name in b.DEFAULT.all}, 2) == ()

    @pytest.mark.parametrize(
        ("offset", "side"), [(95.0, "95.0 s ahead"), (-7.0, "7.0 s behind"), (0.6, "0.6 s ahead")]
    )
    def test_one_clock_differs(self, offset: float, side: str) -> None:
        seen = {name: reading(0.0) for name in b.DEFAULT.all} | {b.SECOND: reading(offset)}
        (finding,) = clock_difference(seen, 0.4)
        assert (finding.code, finding.subject) == ("clock-difference", b.SECOND)
        assert side in finding.observed
        b.assert_told_well([finding])

    def test_two_nodes(self) -> None:
        findings = clock_difference({b.N: reading(0.0), b.SECOND: reading(10.0)}, 2)
        assert b.codes(findings) == ["clock-difference"]

    def test_the_two_ends_may_be_too_far_apart_though_each_is_near_the_middle(self) -> None:
        seen = {b.N: reading(-1.5), b.SECOND: reading(0.0), b.THIRD: reading(1.5)}
        (finding,) = clock_difference(seen, 2)
        assert {b.N, b.THIRD} == {finding.subject, finding.observed.split("that of ")[1].split()[0]}

    def test_only_what_is_certain_is_told(self) -> None:
        """2.5 s apart as read, but each answer took 1 s: it may be 1.5 s."""
        seen = {b.N: reading(0.0, took=1.0), b.SECOND: reading(2.5, took=1.0)}
        assert clock_difference(seen, 2) == ()

    def test_an_answer_slower_than_the_limit_proves_nothing(self) -> None:
        (finding,) = clock_difference({b.N: reading(0.0), b.SECOND: reading(0.0, took=9.0)}, 2)
        assert (finding.code, finding.subject) == ("clock-difference", b.SECOND)
        assert "can't be judged" in finding.observed

    def test_nothing_read(self) -> None:
        assert clock_difference({}, 2) == ()
        assert clocks_compared({}, 2) == "0 clocks compared; the limit is 2 s"
        assert clocks_compared({b.N: reading(0.0)}, 2) == "1 clock compared; the limit is 2 s"

    def test_the_largest_difference_is_told_apart_from_the_limit(self) -> None:
        seen = {b.N: reading(0.25, took=0.1), b.SECOND: reading(-0.5), b.THIRD: reading(0.0)}
        assert clocks_compared(seen, 5) == (
            f"3 clocks compared: {b.N} is ahead of {b.SECOND} by 0.75 s (± 0.10 s), the largest"
            " difference; the limit is 5 s"
        )


def memory(used: float, total: float = 32) -> Memory:
    return Memory(int(total * GIB), int((total - used) * GIB))


class TestCanCarry:
    cpus = dict.fromkeys(b.DEFAULT.operative, 8)
    idle = dict.fromkeys(b.DEFAULT.operative, 1.0)

    def test_all_fits(self) -> None:
        used = dict.fromkeys(b.DEFAULT.operative, memory(10))
        assert can_carry(b.N, used, self.idle, self.cpus, {}) == ()

    def test_memory_of_all_does_not_fit_on_n(self) -> None:
        used = dict.fromkeys(b.DEFAULT.operative, memory(11))
        (finding,) = can_carry(b.N, used, self.idle, self.cpus, {})
        assert (finding.code, finding.subject) == ("active-node-memory", b.N)
        assert "33.0 GiB" in finding.observed
        assert finding.expected.startswith("less than 30.4 GiB (95% of")
        b.assert_told_well([finding])

    def test_a_small_n(self) -> None:
        used = {b.N: memory(4, 8), b.SECOND: memory(10, 64)}
        assert b.codes(can_carry(b.N, used, self.idle, self.cpus, {})) == ["active-node-memory"]

    def test_load(self) -> None:
        used = dict.fromkeys(b.DEFAULT.operative, memory(1))
        (finding,) = can_carry(b.N, used, dict.fromkeys(b.DEFAULT.operative, 3.0), self.cpus, {})
        assert (finding.code, finding.subject) == ("active-node-load", b.N)
        assert "together have a load of 9.0, " in finding.observed
        assert can_carry(b.N, used, {b.N: 8.0}, self.cpus, {}) == ()

    def test_nodes_of_one_machine_count_once(self) -> None:
        used = dict.fromkeys(b.DEFAULT.operative, memory(20))
        busy = dict.fromkeys(b.DEFAULT.operative, 6.0)
        same = dict.fromkeys(b.DEFAULT.operative, "boot-1")
        assert can_carry(b.N, used, busy, self.cpus, same) == ()
        (of_one,) = can_carry(b.N, used, {b.N: 21.2, b.SECOND: 21.2}, self.cpus, same)
        assert of_one.observed.startswith(f"{b.N} has a load of 21.2, ")
        others = {b.SECOND: "boot-2", b.THIRD: "boot-2"}
        findings = can_carry(b.N, used, busy, self.cpus, others)
        assert b.codes(findings) == ["active-node-load", "active-node-memory"]
        assert "40.0 GiB" in findings[0].observed
        assert b.THIRD not in findings[0].observed

    def test_what_is_compared_is_told_and_not_how_it_is_judged(self) -> None:
        """The same sentence beside a warning and without one; nodes of one machine count once."""
        used = dict.fromkeys(b.DEFAULT.operative, memory(11))
        others = {b.SECOND: "boot-2", b.THIRD: "boot-2"}
        said = to_carry(b.N, used, self.idle, self.cpus, others)
        assert said == (
            "the operative nodes use 22.0 GiB of memory together, with a load of 2.0;"
            f" {b.N} has 32.0 GiB and 8 processors"
        )
        assert "1 processor" in to_carry(b.N, used, self.idle, {b.N: 1}, others)

    def test_n_itself_not_observed(self) -> None:
        assert b.codes(can_carry(b.N, {}, {}, {}, {})) == ["not-observed", "not-observed"]


KNOWN = frozenset({"/etc/httpd/conf.d/known.conf.rpmnew"})


def test_config_leftovers() -> None:
    assert config_leftovers({b.N: ()}, KNOWN) == ()
    known = "/etc/httpd/conf.d/known.conf.rpmnew"
    found = {b.N: (known, "/etc/x.rpmsave"), b.VOTING: ("/y.rpmnew",)}
    findings = config_leftovers(found, KNOWN)
    assert [(f.code, f.subject) for f in findings] == [
        ("rpmnew-known", f"{b.N}:{known}"),
        ("rpmnew-foreign", f"{b.N}:/etc/x.rpmsave"),
        ("rpmnew-foreign", f"{b.VOTING}:/y.rpmnew"),
    ]
    assert "live file" in findings[1].remedy
    assert "move the .rpmnew" in findings[2].remedy
    b.assert_told_well(findings)


def test_each_kind_of_leftover_has_its_own_way_out() -> None:
    found = {b.N: ("/etc/x.rpmnew", "/etc/x.rpmsave", "/etc/x.rpmorig")}
    new, save, orig = config_leftovers(found, KNOWN)
    assert len({new.remedy, save.remedy, orig.remedy}) == 3
    assert "package's own text is live" in orig.remedy
    assert orig.code == "rpmnew-foreign"


def test_a_known_name_elsewhere_is_foreign() -> None:
    findings = config_leftovers({b.N: ("/home/me/known.conf.rpmnew",)}, KNOWN)
    assert b.codes(findings) == ["rpmnew-foreign"]


def test_a_path_with_a_line_break_stays_one_line() -> None:
    b.assert_told_well(config_leftovers({b.N: ("/etc/a\nb.rpmnew",)}, KNOWN))


PATTERNS = ("neteye update", "neteye upgrade", "neteye_secure_install", "dnf update", "rpm -U")


@pytest.mark.parametrize(
    "command",
    [
        "neteye upgrade",
        "/usr/sbin/neteye update",
        "nohup neteye upgrade",
        "/usr/bin/python3.9 -u /usr/sbin/neteye upgrade --verbose",
        "/bin/bash /usr/sbin/neteye_secure_install",
        "sudo -n neteye update",
        "env LC_ALL=C A=b neteye upgrade",
        "timeout -k 5 3600s neteye upgrade",
        "setsid bash -lc neteye upgrade",
        "neteye --debug upgrade",
        "-bash /usr/sbin/neteye upgrade",
        "/usr/libexec/platform-python /usr/sbin/neteye update",
        "/usr/libexec/platform-python /usr/bin/dnf -c /root/dnf.conf --enablerepo neteye update",
        "rpm -v -Uh x.rpm",
    ],
)
def test_a_running_command_is_found(command: str) -> None:
    (finding,) = no_command_running({b.N: [Process(1, "init"), Process(42, command)]}, PATTERNS)
    assert (finding.code, finding.subject) == ("command-running", b.N)
    assert "process 42" in finding.observed
    b.assert_told_well([finding])


def test_a_command_of_several_processes_is_one_finding_a_node() -> None:
    """Its arguments are somebody else's: they are not told."""
    lines = ("sudo dnf update --setopt=password=geheim", "/usr/bin/python3 /usr/bin/dnf update")
    running = [Process(41 + number, line) for number, line in enumerate(lines)]
    (finding,) = no_command_running({b.N: running, b.SECOND: []}, PATTERNS)
    assert finding.observed == f"on {b.N} runs `dnf update` (process 41), `dnf update` (process 42)"


@pytest.mark.parametrize(
    "command",
    [
        "tail --retry -f nohup.out neteye upgrade",
        "grep neteye upgrade",
        "vim /usr/sbin/neteye",
        "ssh root@neteye01 neteye upgrade",
        "ps -eo pid=,args=",
        "bash -c ps -eo pid=,args= | grep neteye upgrade",
        "neteye health deep",
        "neteye status upgrade",
        "neteyeupgrade",
        "[kworker/0:1]",
        "",
        "bash",
        "/usr/sbin/neteye_secure_install_log_watcher",
        "dnf --enablerepo=neteye check-update update",
        "dnf -y --enablerepo=neteye list update",
        "rpm -qU x.rpm",
        "rpm --Undefined",
    ],
)
def test_other_processes_are_left_alone(command: str) -> None:
    assert no_command_running({b.N: [Process(42, command)]}, PATTERNS) == ()


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (0, []),
        (1, ["health-warning"]),
        (2, ["health-critical"]),
        (3, ["health-unknown"]),
        (127, ["health-unknown"]),
    ],
)
def test_health(code: int, wanted: list[str]) -> None:
    findings = health({b.VOTING: HealthResult(code, "said this", "said this\nand that")}, ("it",))
    assert b.codes(findings) == wanted
    assert all("said this" in f.observed and f.subject == b.VOTING for f in findings)
    assert all(f.guide == ("it",) for f in findings)
    b.assert_told_well(findings)


def test_health_names_its_script_in_what_was_seen_and_in_what_to_do() -> None:
    script = FailingScript("/usr/share/x/health.d/deep/030_drbd.sh", "mariadb is Inconsistent")
    (finding,) = health({b.N: HealthResult(2, "CRITICAL - 1 of 14", "", (script,))})
    assert finding.observed.endswith(f"CRITICAL - 1 of 14; by {script}")
    assert f"`{script.path}` has to end with 0" in finding.remedy


def test_health_without_output() -> None:
    (finding,) = health({b.N: HealthResult(2, "", "")})
    assert "no output" in finding.observed
