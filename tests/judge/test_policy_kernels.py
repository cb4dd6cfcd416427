"""The kernel of the next start: asked by the real script, on directories that stand for a node."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from engine.errors import ParseError
from engine.judge.kernels import next_start_serves_drbd, reboot_needed, sentence
from engine.model.answer import Answer
from engine.model.host import Kernels
from engine.queries.machine import KERNELS
from tests.judge import builders as b

RUNS, NEWER = "4.18.0-348.el8.x86_64", "4.18.0-372.el8.x86_64"


class Machine:
    """Directories for /lib/modules and /sys/module/drbd, and a stub of rpm."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.installed: list[str] = []
        self.default = ""
        self.complaint = ""
        (base / "bin").mkdir()

    def kernel(self, version: str, time: int) -> Path:
        self.installed.append(f"{time} {version}")
        directory = self.base / "modules" / version
        directory.mkdir(parents=True)
        # the headers: a link that is not followed
        (directory / "build").symlink_to(directory.parent)
        return directory

    def loaded(self) -> None:
        (self.base / "drbd").mkdir()

    def ask(self) -> Kernels:
        lines = "\n".join(self.installed) or "package kernel-core is not installed"
        rpm = self.base / "bin/rpm"
        rpm.write_text(f"#!/bin/sh\ncat <<'END'\n{lines}\nEND\necho '{self.complaint}' >&2\n")
        rpm.chmod(0o755)
        if self.default:
            grubby = self.base / "bin/grubby"
            grubby.write_text(f"#!/bin/sh\necho {self.default}\n")
            grubby.chmod(0o755)
        paths = {"/lib/modules": "modules", "/sys/module/drbd": "drbd"}
        argv = [str(self.base / paths[word]) if word in paths else word for word in KERNELS.argv]
        path = f"{self.base}/bin:{os.environ['PATH']}"
        done = subprocess.run(argv, capture_output=True, check=False, env={"PATH": path})
        assert done.returncode in KERNELS.ok_codes, done.stderr
        return KERNELS.parse(Answer(done.returncode, done.stdout, done.stderr, 0.0))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("module", "there"),
    [
        ("extra/drbd9/drbd.ko", True),
        ("extra/drbd90/drbd.ko.xz", True),
        ("kernel/drivers/block/drbd/drbd.ko.zst", True),
        ("extra/drbd_transport_tcp.ko", False),
        ("kernel/drivers/block/loop.ko", False),
    ],
)
def test_the_module_of_the_newest_kernel_is_looked_for(
    machine: Machine, module: str, there: bool
) -> None:
    machine.loaded()
    machine.kernel(RUNS, 100)
    file = machine.kernel(NEWER, 200) / module
    file.parent.mkdir(parents=True)
    file.write_text("")
    found = machine.ask()
    assert (found.newest, found.uses_drbd, found.newest_has_drbd) == (NEWER, True, there)
    assert bool(next_start_serves_drbd({b.N: found})) is not there


def test_a_weak_update_counts_when_it_leads_somewhere(machine: Machine) -> None:
    """kmod-drbd links its module into the directory of each kernel that takes it."""
    machine.loaded()
    real = machine.kernel(RUNS, 100) / "extra" / "drbd.ko"
    real.parent.mkdir()
    real.write_text("")
    weak = machine.kernel(NEWER, 200) / "weak-updates" / "drbd.ko"
    weak.parent.mkdir()
    weak.symlink_to(real)
    assert machine.ask().newest_has_drbd
    real.unlink()
    assert not machine.ask().newest_has_drbd


def test_a_module_that_is_built_in_counts(machine: Machine) -> None:
    directory = machine.kernel(RUNS, 100)
    (directory / "modules.builtin").write_text("kernel/drivers/block/drbd/drbd.ko\n")
    assert machine.ask().newest_has_drbd


def test_the_kernel_that_was_installed_last_is_the_next_one(machine: Machine) -> None:
    machine.kernel(NEWER, 100)
    machine.kernel(RUNS, 200)
    assert machine.ask().newest == RUNS


def test_a_kernel_that_rpm_can_not_read_is_no_answer(machine: Machine) -> None:
    """The one that it leaves out may be the one of the next start."""
    machine.kernel(RUNS, 100)
    machine.complaint = "error: rpmdbNextIterator: skipping h#      2 Header sanity: BAD"
    with pytest.raises(ParseError, match="skipping h#      2"):
        machine.ask()


def test_the_default_of_the_boot_loader_is_the_next_one(machine: Machine) -> None:
    """Made the default again, as the remedy says, or left so by UPDATEDEFAULT=no."""
    machine.loaded()
    module = machine.kernel(RUNS, 100) / "extra" / "drbd.ko"
    module.parent.mkdir()
    module.write_text("")
    machine.kernel(NEWER, 200)
    machine.default = f"/boot/vmlinuz-{NEWER}"
    assert next_start_serves_drbd({b.N: machine.ask()})
    machine.default = f"/boot/vmlinuz-{RUNS}"
    found = machine.ask()
    assert (found.newest, found.newest_has_drbd) == (RUNS, True)
    assert not next_start_serves_drbd({b.N: found})


def test_a_default_of_another_package_is_the_next_one(machine: Machine) -> None:
    """kernel-rt-core and kernel-uek are no kernel-core: the newest of those is not started."""
    machine.loaded()
    machine.kernel(NEWER, 200)
    machine.kernel(RUNS, 100)
    machine.installed.pop()
    machine.default = f"/boot/vmlinuz-{RUNS}"
    found = machine.ask()
    assert (found.newest, found.newest_has_drbd) == (RUNS, False)
    (machine.base / "modules" / RUNS / "modules.builtin").write_text("kernel/x/drbd.ko\n")
    assert not next_start_serves_drbd({b.N: machine.ask()})


@pytest.mark.parametrize("default", ["/boot/vmlinuz-0-rescue-4f2a", "error:"])
def test_without_a_default_that_is_installed_the_last_one_is_taken(
    machine: Machine, default: str
) -> None:
    machine.kernel(RUNS, 100)
    machine.kernel(NEWER, 200)
    machine.default = default
    assert machine.ask().newest == NEWER


def test_without_an_rpm_of_a_kernel_nothing_is_judged(machine: Machine) -> None:
    machine.loaded()
    found = {b.N: machine.ask()}
    assert found[b.N].newest is None
    assert next_start_serves_drbd(found) == reboot_needed(found) == ()
    assert "no kernel is installed" in sentence(found)


def kernels(newest: str, *, uses: bool = True, has: bool = False) -> Kernels:
    return Kernels(RUNS, newest, uses, has)


def test_a_reboot_that_would_take_drbd_away_is_told_so() -> None:
    (finding,) = reboot_needed({b.N: kernels(NEWER)})
    assert "no DRBD module" in finding.observed
    assert "kmod-drbd" in finding.remedy
    (other,) = reboot_needed({b.N: kernels(NEWER, has=True)})
    assert "DRBD" not in f"{other.observed} {other.remedy}"
    b.assert_told_well((finding, other))


def test_it_blocks_before_the_upgrade_also_when_that_kernel_runs_already() -> None:
    """The module may have been removed since it was loaded."""
    found = {b.N: kernels(NEWER), b.VOTING: kernels(RUNS), b.ELASTIC: kernels(NEWER, uses=False)}
    findings = next_start_serves_drbd(found)
    assert [(f.code, f.subject) for f in findings] == [
        ("kernel-without-drbd", b.N),
        ("kernel-without-drbd", b.VOTING),
    ]
    b.assert_told_well(findings)
    default = (b.N, f"grubby --set-default /boot/vmlinuz-{RUNS}")
    # where it runs it is the default already
    assert [b.told(finding) for finding in findings] == [[default], []]
    assert b.told(reboot_needed(found)[0]) == [default]
    assert "3 nodes" in sentence(found)
