"""`neteye upgrade`, round by round; at a planned stop the version step does what it asks for.

A round that is not needed says so. Rounds: one for each operative node (each may have its own
.rpmnew files), and two more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pluggy import HookRelay

from engine.act.driving import Applied
from engine.act.foreseen import planned_by
from engine.ask.look import Look
from engine.judge import change_management, machine, roles
from engine.model.facts import CONFLICTS, STOP_TOLD
from engine.model.finding import Finding, Verdict
from engine.model.release import remaining
from engine.model.steps import step
from engine.queries.machine import LEFTOVERS
from engine.record.evidence import Evidence, StoppedForPerson
from engine.record.memory import ChangeRecord
from engine.record.position import Position
from engine.run.session import Session
from runbook.cluster import leftovers
from runbook.cluster.icinga.checks import downtime_holds
from runbook.phases.actions.neteye_command import (
    ended_with,
    exit_status_of,
    failure_of,
    name_of,
    round_on_record,
)


def window_now(look: Look, evidence: Evidence) -> None:
    """For a plan: whether the window fits now, where its start is not judged any more."""
    is_ahead = not look.memory.detached("upgrade")
    if is_ahead and look.position.is_after(Position.NOT_STARTED):
        _window_fits(look, look.now())


def _window_fits(look: Look, now: datetime) -> timedelta:
    """The window has begun and covers what is left to do, which is returned."""
    settings = look.settings
    left = remaining(look.release.stages, "upgrade", len(look.inventory.hosts))
    findings = (
        change_management.window_not_begun(settings, now),
        change_management.window_remaining(settings, now, left),
    )
    if against := [finding for finding in findings if finding is not None]:
        raise StoppedForPerson(against)
    return left


@step("upgrade.window", after=("again.*", "backup.*?"))
@planned_by(window_now)
def test_window(look: Look, evidence: Evidence) -> None:
    """The window has begun and covers what is left to do; the last moment to say no."""
    if look.memory.detached("upgrade"):
        evidence.not_needed("the first round has been started: the window guards the start only")
        return
    now, end = look.now(), look.settings.window_end
    left = _window_fits(look, now)
    evidence.note(f"about {left} are left to do, and the window covers them")
    assert end is None or now + left <= end


@step("upgrade.downtime", after=("upgrade.window",))
def test_downtime(downtime_lasts_for_upgrade: Applied, look: Look, evidence: Evidence) -> None:
    """Icinga keeps silent for as long as the upgrade is expected to take from here."""
    assert downtime_holds(look, evidence, downtime_lasts_for_upgrade)


@step(
    "upgrade.run",
    after=("upgrade.window", "upgrade.stop[{previous}]", "migration.*[{previous}]?"),
    guide=("G18", "G20"),
    each="round",
)
def test_run(
    neteye_upgraded: Applied,
    round_number: int,
    look: Look,
    evidence: Evidence,
    runbook_session: Session,
) -> None:
    """The upgrade runs detached on N, its log followed, its exit status kept."""
    record = round_on_record(look.memory, round_number)
    if record is None or not record.has_ended or look.memory.closed:
        return
    # each run tells it: the run of that round may have ended before it could
    runbook_session.watch_standby()
    if round_number > 1:
        before = round_on_record(look.memory, round_number - 1)
        evidence.fulfilled("G20", f"run again as round {round_number}: {_why_again(before)}")
    elif ended_with(record) == 0:
        said = f"the first round ended with {exit_status_of(record)}"
        evidence.not_needed(said, guide=("G20",))
    evidence.note(f"{name_of(record)} ended with {failure_of(record)}")
    if neteye_upgraded.did_something:
        evidence.outcome = "done"
    assert all(ended_with(record) == answer.code for answer in neteye_upgraded.answers[-1:])


def _why_again(before: ChangeRecord | None) -> str:
    if before is None:
        return "the one before is not on record"
    if ended_with(before) == 0:
        return "the one before left packages behind"
    return f"the one before ended with {exit_status_of(before)}"


@step("upgrade.stop", after=("upgrade.run[{round}]",), guide=("G09", "G20"), each="round")
def test_stop(round_number: int, look: Look, evidence: Evidence, version_step: HookRelay) -> None:
    """A stop is recognised: the planned one at known conflicts, or a failure."""
    mine = _stopped(round_number, look, evidence)
    if mine is None:
        return
    told = f"{STOP_TOLD}{round_number}"
    # the run that took the exit status may have been killed before it came here; of a round without
    # one it stopped as soon as it saw that, and has said to run again
    earlier = told in look.memory.facts or ended_with(mine) is None
    verdict = _judged(mine, round_number, look, evidence, version_step, earlier=earlier)
    if not earlier:
        evidence.remember(told)
    assert verdict


def _judged(
    mine: ChangeRecord,
    round_number: int,
    look: Look,
    evidence: Evidence,
    version_step: HookRelay,
    *,
    earlier: bool,
) -> Verdict:
    """`earlier`: a run before this one has told of the stop, and somebody has seen to it."""
    asked = look.ask_all(look.names.all, LEFTOVERS)
    if not evidence.answered(asked):
        return evidence.verdict
    leftovers.attach_diffs(
        look, evidence, leftovers.not_known(asked.values, look.release.known_conflicts)
    )
    conflicts = {node: sorted(files) for node, files in asked.values.items() if files}
    listing = "; ".join(f"{node}: {', '.join(files)}" for node, files in conflicts.items())
    is_known = look.release.known_conflicts & {f for files in conflicts.values() for f in files}
    ended = f"'neteye upgrade' ended with {failure_of(mine)}"
    early = version_step.pytest_runbook_too_early(look=look) if is_known else None
    if early is not None:
        seen = f"{listing}; {early.why}; and {ended}"
        failed = _failed(look, seen, f"the planned stop with {early.expected}", early.see_to)
        return evidence.judge(
            [*_foreign(asked.values, look), *([] if earlier else [failed])],
            observed=f"{exit_status_of(mine)}; {listing}; {early.why}",
        )
    seen = f"no .rpmnew or .rpmsave was found, and {ended}"
    unplanned = _failed(look, seen, "a planned stop at known conflicts")
    before = look.memory.facts.get(f"{CONFLICTS}{round_number - 1}", {}).get("files")
    if conflicts and f"{CONFLICTS}{round_number}" not in look.memory.facts:
        evidence.remember(f"{CONFLICTS}{round_number}", files=conflicts)
    return evidence.judge(
        [
            *_foreign(asked.values, look),
            *_other_active_node(look),
            # whoever starts the runbook again has mended what stopped the earlier run
            *([unplanned] if not earlier and not conflicts else []),
            *_again(conflicts, before, round_number),
        ],
        observed=f"planned stop, {exit_status_of(mine)}: {listing}"
        if conflicts
        else f"{exit_status_of(mine)} on an earlier run; nothing is left to migrate, the next round"
        " starts the command again",
    )


def _stopped(number: int, look: Look, evidence: Evidence) -> ChangeRecord | None:
    """The round, when it is the last one and did not end well; None: it is told why not."""
    mine = round_on_record(look.memory, number)
    if mine is None or mine.result is None or not mine.has_ended:
        evidence.not_needed("this round was not needed", guide=("G20",))
        return None
    if ended_with(mine) == 0:
        said = f"the upgrade ended with {exit_status_of(mine)}"
        evidence.note(f"no stop: {said}")
        if number == 1:
            evidence.not_applicable(
                f"no known conflict was left: {said} at once",
                guide=("G09",),
            )
        return None
    if len(look.memory.detached("upgrade")) > number:
        evidence.not_needed("a later round was run after this stop")
        return None
    return mine


def _foreign(found: dict[str, tuple[str, ...]], look: Look) -> list[Finding]:
    """Conflicts that this step does not migrate."""
    findings = machine.config_leftovers(found, look.release.known_conflicts)
    return [finding for finding in findings if finding.code != "rpmnew-known"]


def _other_active_node(look: Look) -> tuple[Finding, ...]:
    """The vendor's command has put N in standby: the active node is another one than is known."""
    status = look.cluster_status()
    if look.names.active not in status.standby_nodes:
        return ()
    return roles.active_node_confirmed(look.names.active, status, look.names.operative)


def _failed(look: Look, seen: str, expected: str, see_to: str = "") -> Finding:
    """The command stopped without a planned stop: a failure for a person."""
    return Finding(
        code="round-failed",
        subject=look.names.active,
        observed=seen,
        expected=f"exit status 0, or {expected}",
        remedy="Read that task in its log (in this report), follow the guide's directions"
        f" for it{see_to and f', and {see_to}'}. Then run again: the next round starts the command"
        " again.",
        guide=("G20", "G26"),
    )


def _again(
    conflicts: dict[str, list[str]], before: dict[str, list[str]] | None, round_number: int
) -> list[Finding]:
    """The same stop twice: the migration of the round before did not help."""
    if not conflicts or conflicts != before:
        return []
    return [
        Finding(
            code="planned-stop-again",
            subject=f"round {round_number}",
            observed="the same files as after the round before, although they were migrated",
            expected="other files, or exit status 0",
            remedy="Find out who makes them anew, migrate them by hand as the guide says, remove"
            " each .rpmnew, then run again: the next round starts the command again.",
            guide=("G20", "G26"),
        )
    ]
