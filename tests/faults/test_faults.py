"""The list of faults is the one that was asked for, and each entry can be run."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from rehearsal.known import inventory_text
from rehearsal.to_4_26 import STEP
from rehearsal.topology import parse_counts
from tests.faults.every import FAULTS
from tests.faults.fault import Fault
from tests.faults.lab import Lab
from tests.faults.running import Running
from tests.integration.invocation import ROOT, Project, with_settings
from tests.phases import step_modules
from tests.proving.choice import Shard, rotated
from tests.proving.kind import Red

ASKED_FOR = {
    "connection cut, restored meanwhile": "connection-cut",
    "connection cut, never restored": "connection-cut-for-good",
    "sshd stopped on one node": "sshd-stopped-during",
    "N rebooted in the middle": "n-rebooted-during-upgrade",
    "an OTHER node lost during its own upgrade": "other-lost-during-its-upgrade",
    "MariaDB killed": "mariadb-killed-in-upgrade",
    "quorum lost": "quorum-lost-during-upgrade",
    "a question that hangs for ever": "question-hangs",
    "a change that hangs for ever": "change-hangs",
    "a neteye command that hangs for ever": "upgrade-hangs",
    "output of 100 MB, of a question": "question-of-100-mb",
    "output of 100 MB, of a neteye command": "upgrade-of-100-mb",
    "output that is not UTF-8, of a question": "question-not-utf8",
    "output that is not UTF-8, of a neteye command": "log-not-utf8",
    "a shifted clock for the commands asked on one node": "clock-shifted",
    "/var of N full": "var-full",
    "/neteye of N full": "neteye-full",
    "disk full on the controller": "controller-disk-full",
    "journal directory not writable on the controller": "reports-read-only",
    "two controllers": "two-controllers",
    "release file changed before the planned stop": "release-file-at-planned-stop",
}
DOCUMENTED = set(
    re.findall(r"^\| `([a-z-]+)` \|", (ROOT / "docs" / "findings.md").read_text(), re.MULTILINE)
)


@pytest.mark.parametrize("asked", ASKED_FOR)
def test_what_was_asked_for_is_there(asked: str) -> None:
    assert ASKED_FOR[asked] in FAULTS


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_every_fault_has_a_cluster_that_can_be_made(fault: Fault) -> None:
    parse_counts(fault.nodes)
    scenario = STEP.scenario(fault.scenario)
    STEP.draw(15, scenario.for_settings(fault.settings))
    assert fault.what


def test_six_shards_have_every_fault_once() -> None:
    names = list(FAULTS)
    picked = [name for number in range(1, 7) for name in Shard(number, 6).pick(names)]
    assert sorted(picked) == sorted(names)


def test_a_commit_has_five_faults() -> None:
    assert len(set(rotated(list(FAULTS), 5, "any commit"))) == 5


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_what_a_fault_declares_is_known(fault: Fault) -> None:
    assert set(fault.shows) <= DOCUMENTED
    source = "".join(Path(str(module.__file__)).read_text() for module in step_modules())
    assert not fault.stops or f'"{fault.stops}"' in source


def _lab(tmp_path: Path, **declared: Any) -> Lab:
    cluster: Any = None
    return Lab(Fault("a-fault", "it strikes", "operative=2", lambda _: None, **declared), cluster,
               tmp_path)  # fmt: skip


def _told(tmp_path: Path) -> Running:
    """A run that found something, and stopped."""
    directory = tmp_path / "reports" / "run"
    directory.mkdir(parents=True)
    events = [
        {"event": "finding", "code": "round-failed", "step": "upgrade.stop[2]"},
        {"event": "stopped", "step": "upgrade.stop[2]"},
    ]
    (directory / "journal.jsonl").write_text("".join(f"{json.dumps(e)}\n" for e in events))
    process: Any = None
    return Running(Project(tmp_path), tmp_path / "console.txt", frozenset(), process)


@pytest.mark.parametrize(
    ("declared", "is_upgraded", "problem"),
    [
        ({"shows": ("round-failed",), "stops": "upgrade.stop"}, True, ""),
        ({"shows": ("quorum-lost",)}, True, "quorum-lost was not found"),
        ({"stops": "upgrade.run"}, True, "no run stopped at upgrade.run, but upgrade.stop"),
        ({"stops": "upgrade.stop"}, False, "went on from upgrade.stop to its end"),
    ],
    ids=["as declared", "not found", "stopped elsewhere", "not upgraded"],
)
def test_what_a_fault_declares_has_to_be_seen(
    tmp_path: Path, declared: dict[str, Any], is_upgraded: bool, problem: str
) -> None:
    lab = _lab(tmp_path, **declared)
    lab.keep(_told(tmp_path))
    lab.is_upgraded = is_upgraded
    with pytest.raises(Red, match=problem) if problem else nullcontext():
        lab.expect_declared()


def test_a_setting_that_the_inventory_has_is_replaced() -> None:
    """A second line of the same name is refused, as it was when a fault gave its own."""
    text = with_settings(inventory_text("neteye"), {"runbook_failover_proof": "no"})
    given = [line for line in text.splitlines() if line.startswith("runbook_failover_proof")]
    assert given == ["runbook_failover_proof=no"]
