"""The runbook's own options; the contract's commands."""

from __future__ import annotations

from typing import cast

import pytest

from engine.errors import UsageError
from engine.model.ending import Mode
from engine.model.steps import Scope
from engine.model.visible import is_blank

EVERYTHING = "all"
PLAN_ALL = f"--plan={EVERYTHING}"
_LONGEST_NAME = 100


def add(parser: pytest.Parser) -> None:
    """Register them with pytest."""
    group = parser.getgroup("runbook", "NetEye cluster upgrade runbook")
    group.addoption("--inventory", metavar="FILE", help="the cluster (default: inventory.ini)")
    group.addoption(
        "--plan",
        action="store_true",
        help="ask, judge, and show what would act and what blocks; changes nothing",
    )
    group.addoption(
        # an option of its own: with an optional value, `--plan runbook` would take the folder
        PLAN_ALL,
        dest="plan",
        action="store_const",
        const=EVERYTHING,
        default=False,
        help="the same, and show every step, also what is satisfied and what only looks",
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
        help="end behind this phase (update, backup), where it is safe, and go on another night;"
        " end: go to the end, though an earlier run was to end before",
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
    group.addoption(
        "--snapshot",
        action="store_true",
        help="with --plan: leave a snapshot of the cluster without names, for a twin of it",
    )
    group.addoption(
        "--snapshot-of",
        metavar="REPORTS/RUN",
        help="make such a snapshot of a run's recorded answers; nobody is asked, nothing runs",
    )
    group.addoption("--by", metavar="NAME", help="who runs it, and who accepts or settles")


class _Names:
    """Stands in for pytest's parser, to see what is asked of it."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def getgroup(self, *_: str) -> _Names:
        return self

    def addoption(self, *names: str, **_: object) -> None:
        self.known |= set(names)


def own_names() -> frozenset[str]:
    """The options that the runbook has, as they are spelt."""
    names = _Names()
    add(cast("pytest.Parser", names))
    return frozenset(names.known)


def mode_of(config: pytest.Config) -> Mode:
    """What this run may do; a plan of a restore is a plan."""
    if config.getoption("plan"):
        return Mode.PLAN
    if config.getoption("follow_up"):
        return Mode.FOLLOW_UP
    return Mode.RESTORE if config.getoption("restore") else Mode.EXECUTE


def shows_everything(config: pytest.Config) -> bool:
    """The console of this plan has every step."""
    return bool(config.getoption("plan") == EVERYTHING)


def scope_of(config: pytest.Config) -> Scope:
    """Which steps this run is made of."""
    if config.getoption("follow_up"):
        return Scope.FOLLOW_UP
    return Scope.RESTORE if config.getoption("restore") else Scope.UPGRADE


def by_of(config: pytest.Config) -> str:
    """Who runs it, by `--by`; empty when it is not given. UsageError for what is no name."""
    given = config.getoption("by")
    if given is None:
        return ""
    name = str(given).strip()
    if is_blank(name) or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise UsageError(
            f"--by {name[:_LONGEST_NAME]!r}: expected the name of a person, of at most"
            f" {_LONGEST_NAME} characters that can be printed"
        )
    return name


_NEEDS_TEXT = ("inventory", "until", "follow_up", "snapshot_of")
"""Options of which the empty text would be another command: mostly the upgrade itself."""


def refuse_blank(config: pytest.Config) -> None:
    """UsageError for an option that is given without a text, as by a variable that is not set."""
    for name in _NEEDS_TEXT:
        given = config.getoption(name)
        if given is not None and is_blank(str(given)):
            raise UsageError(
                f"--{name.replace('_', '-')} is given with nothing behind it, as by a variable of"
                " the shell that is not set; nothing was started"
            )


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
    if config.getoption("snapshot") and (not config.getoption("plan") or restore):
        raise UsageError(
            "--snapshot goes with --plan, and not with --restore: a snapshot is made of questions"
            " about the upgrade only; give --plan --snapshot, or --snapshot-of REPORTS/RUN"
        )
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
