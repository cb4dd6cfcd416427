"""The runbook's own options; the contract's commands."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from engine.model.steps import Scope
from engine.record.run import Mode


def add(parser: pytest.Parser) -> None:
    """Register them with pytest."""
    group = parser.getgroup("runbook", "NetEye cluster upgrade runbook")
    group.addoption("--inventory", metavar="FILE", help="the cluster (default: inventory.ini)")
    group.addoption(
        "--plan",
        action="store_true",
        help="ask, judge, and show for each step what would happen; changes nothing",
    )
    group.addoption(
        "--restore",
        action="store_true",
        help="give back the temporary changes that are in the ledger (standby, fencing and the"
        " like), after a look at the cluster; no step of the upgrade",
    )
    group.addoption(
        "--until",
        metavar="PHASE",
        help="end behind this phase (update, backup), where it is safe, and go on another night",
    )
    group.addoption(
        "--follow-up",
        metavar="REPORTS/RUN",
        help="days later: how does what the upgrade left open do? Asks only",
    )
    group.addoption(
        "--accept",
        action="append",
        default=[],
        metavar="CODE[@SUBJECT]=REASON",
        help="accept a blocking finding, with --by NAME; repeatable",
    )
    group.addoption(
        "--settle",
        action="append",
        default=[],
        metavar="STEP=done|repeat",
        help="a person who looked says how a change of unknown outcome ended,"
        " with --reason TEXT --by NAME",
    )
    group.addoption("--reason", metavar="TEXT", help="the reason of --settle")
    group.addoption(
        "--support-bundle",
        action="store_true",
        help="leave a support bundle, whatever the run finds; with --plan nothing is changed",
    )
    group.addoption("--by", metavar="NAME", help="who accepts or settles")


def mode_of(config: pytest.Config) -> Mode:
    """What this run may do; a plan of a restore is a plan."""
    if config.getoption("plan"):
        return Mode.PLAN
    if config.getoption("follow_up"):
        return Mode.FOLLOW_UP
    return Mode.RESTORE if config.getoption("restore") else Mode.EXECUTE


def scope_of(config: pytest.Config) -> Scope:
    """Which steps this run is made of."""
    if config.getoption("follow_up"):
        return Scope.FOLLOW_UP
    return Scope.RESTORE if config.getoption("restore") else Scope.UPGRADE


def refuse_contradictions(config: pytest.Config) -> None:
    """UsageError for options that can't go together, before anything is asked."""
    restore, follow_up = config.getoption("restore"), config.getoption("follow_up")
    if restore and follow_up:
        raise UsageError(
            "--restore and --follow-up exclude each other: one gives back what an unfinished"
            " attempt left in place, the other looks at what a finished one left open; give one of"
            " them"
        )
    if config.getoption("until"):
        _refuse_with_until(config)
    if follow_up:
        _refuse_with_follow_up(config)
    if restore and config.getoption("settle"):
        raise UsageError(
            "--settle with --restore: a settlement speaks of a step of the upgrade, and --restore"
            " runs none of them; give it when you run the upgrade again"
        )


_NOT_FOR_A_LOOK = {
    "plan": "a follow-up only asks, so there is nothing to plan",
    "accept": "a follow-up has nothing to accept; what is open stays open until it is done",
    "settle": "a settlement speaks of a step of the upgrade, and a follow-up runs none of them",
}


def _refuse_with_follow_up(config: pytest.Config) -> None:
    for name, why in _NOT_FOR_A_LOOK.items():
        if config.getoption(name):
            raise UsageError(f"--{name} with --follow-up: {why}; give --follow-up without it")


_NO_NIGHTS = {
    "plan": "a plan changes nothing and shows every phase",
    "restore": "a restore runs no phase of the upgrade",
    "follow_up": "a follow-up runs no phase of the upgrade",
}


def _refuse_with_until(config: pytest.Config) -> None:
    for name, why in _NO_NIGHTS.items():
        if config.getoption(name):
            spelt = f"--{name.replace('_', '-')}"
            raise UsageError(
                f"--until with {spelt}: {why}, so there is no place to end behind;"
                f" give {spelt} without --until"
            )
