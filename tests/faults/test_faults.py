"""The list of faults is the one that was asked for, and each entry can be run."""

from __future__ import annotations

import pytest

from rehearsal.to_4_26 import STEP
from rehearsal.topology import parse_counts
from tests.faults.every import FAULTS
from tests.faults.fault import Fault
from tests.proving.choice import Shard, rotated

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
