"""`neteye upgrade`, round by round, with the planned stop and the migration it asks for.

A round that is not needed says so. Rounds: one for each operative node (each may have its own
.rpmnew files), and two more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.act.applier import Applied
from engine.act.foreseen import planned_by
from engine.ask.look import Look
from engine.judge import change_management, estimate, machine, roles
from engine.model.finding import Finding
from engine.model.steps import step
from engine.queries.machine import LEFTOVERS
from engine.record.evidence import Evidence, StoppedForPerson
from engine.record.position import Position
from engine.run.session import Session
from runbook.cluster import leftovers
from runbook.phases.actions.neteye_command import (
    ended_with,
    failed_as,
    name_of,
    round_on_record,
    said_of,
)
from runbook.to_4_26 import release
from runbook.to_4_26.httpd import migration


def window_now(look: Look, evidence: Evidence) -> None:
    """Beforehand: a window that does not fit now already, when its start is not judged any more."""
    is_ahead = not look.memory.detached("upgrade")
    if is_ahead and look.position.is_after(Position.NOT_STARTED):
        _window_fits(look, look.now())


def _window_fits(look: Look, now: datetime) -> timedelta:
    """The window has begun and covers what is left to do, which is returned."""
    settings = look.settings
    remaining = estimate.remaining(release.STAGES, "upgrade", len(look.inventory.hosts))
    findings = (
        change_management.window_not_begun(settings, now),
        change_management.window_remaining(settings, now, remaining),
    )
    if against := [finding for finding in findings if finding is not None]:
        raise StoppedForPerson(against)
    return remaining


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
    # told by each run: the one that ran the round may have been gone before it could
    runbook_session.watch_standby()
    if round_number > 1:
        before = round_on_record(look.memory, round_number - 1)
        why = "left packages behind" if before and ended_with(before) == 0 else "stopped"
        evidence.fulfilled("G20", f"run again as round {round_number}: the one before {why}")
    elif ended_with(record) == 0:
        evidence.not_needed("the first round ended with exit status 0", guide=("G20",))
    evidence.note(f"{name_of(record)} ended with {failed_as(record)}")
    if neteye_upgraded.did_something:
        evidence.outcome = "done"
        assert ended_with(record) == neteye_upgraded.answers[-1].code


@step("upgrade.stop", after=("upgrade.run[{round}]",), guide=("G09", "G20"), each="round")
def test_stop(round_number: int, look: Look, evidence: Evidence) -> None:
    """A stop is recognised: the planned one at the two files of OCS, or a failure."""
    rounds = look.memory.detached("upgrade")
    mine = round_on_record(look.memory, round_number)
    if mine is None or mine.result is None or not mine.has_ended:
        evidence.not_needed("this round was not needed", guide=("G20",))
        return
    if ended_with(mine) == 0:
        evidence.note("no stop: the round ended with exit status 0")
        if round_number == 1:
            evidence.not_applicable(
                "no .rpmnew of OCS was left: the upgrade ended with exit status 0 at once",
                guide=("G09",),
            )
        return
    if len(rounds) > round_number:
        evidence.not_needed("a later round was run after this stop")
        return
    earlier = mine.result["run"] != look.run_id
    asked = look.ask_all(look.names.all, LEFTOVERS)
    if not evidence.answered(asked):
        return
    leftovers.attach_diffs(
        look, evidence, leftovers.not_known(asked.values, look.release.known_conflicts)
    )
    conflicts = {node: sorted(files) for node, files in asked.values.items() if files}
    listing = "; ".join(f"{node}: {', '.join(files)}" for node, files in conflicts.items())
    if _is_too_early(conflicts, look):
        early = [_failed_before_the_stop(failed_as(mine), listing, look)]
        assert evidence.judge(
            [*_foreign(asked.values), *([] if earlier else early)],
            observed=f"{said_of(mine)}; {listing}; {migration.TOO_EARLY}",
        )
        return
    before = look.memory.facts.get(f"conflicts-{round_number - 1}", {}).get("files")
    if conflicts and f"conflicts-{round_number}" not in look.memory.facts:
        evidence.remember(f"conflicts-{round_number}", files=conflicts)
    assert evidence.judge(
        [
            *_foreign(asked.values),
            *_other_active_node(look),
            # who starts the runbook again has seen to what the earlier run stopped at
            *([] if earlier else _unplanned(conflicts, failed_as(mine), look)),
            *_again(conflicts, before, round_number),
        ],
        observed=f"planned stop, {said_of(mine)}: {listing}"
        if conflicts
        else f"{said_of(mine)} on an earlier run; nothing is left to migrate, the next round"
        " starts the command again",
    )


def _foreign(found: dict[str, tuple[str, ...]]) -> list[Finding]:
    """Conflicts that this step does not migrate."""
    findings = machine.config_leftovers(found, release.KNOWN_CONFLICTS)
    return [finding for finding in findings if finding.code != "rpmnew-known"]


def _other_active_node(look: Look) -> tuple[Finding, ...]:
    """The vendor's command has put N in standby: the active node is another one than is known."""
    status = look.cluster_status()
    if look.names.active not in status.standby_nodes:
        return ()
    return roles.active_node_confirmed(look.names.active, status, look.names.operative)


def _is_too_early(conflicts: dict[str, list[str]], look: Look) -> bool:
    """Known conflicts are there, and the command has not come to the stop that they announce."""
    found = {file for files in conflicts.values() for file in files}
    return bool(found & release.KNOWN_CONFLICTS) and not migration.is_at_planned_stop(look)


def _failed_before_the_stop(said: str, listing: str, look: Look) -> Finding:
    return Finding(
        code="round-failed",
        subject=look.names.active,
        observed=f"{listing}; {migration.TOO_EARLY}; and 'neteye upgrade' ended with {said}",
        expected="exit status 0, or the planned stop with the template of the credentials file",
        remedy="Read that task in its log (in this report), follow the guide's directions for"
        " it, and see that httpd's shared directory is mounted on N. Then run again: the files are"
        " migrated where their .rpmnew is, and the next round starts the command again.",
        guide=("G20", "G26"),
    )


def _unplanned(conflicts: dict[str, list[str]], said: str, look: Look) -> list[Finding]:
    """The command failed without the two known files: a failure for a person."""
    if conflicts:
        return []
    return [
        Finding(
            code="round-failed",
            subject=look.names.active,
            observed=f"no .rpmnew or .rpmsave was found, and 'neteye upgrade' ended with {said}",
            expected="exit status 0, or the planned stop at the two files of OCS",
            remedy="Read that task in its log (in this report), follow the guide's directions"
            " for it, then run again: the next round starts the command again.",
            guide=("G20", "G26"),
        )
    ]


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
