"""`--until PHASE`: a run that ends behind a phase, where the cluster may be left for days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from engine.errors import UsageError
from engine.judge.text import listed
from engine.model.ending import Ending, Mode
from engine.model.event import Event
from engine.model.facts import AFTER
from engine.model.finding import Way
from engine.model.inventory import Settings
from engine.model.release import Pause, Release, up_to
from engine.model.steps import Scope, StepItem, phase_of
from engine.record.no_return import passing_of
from engine.record.position import Position
from engine.record.rows import Row, RowState
from engine.record.run import Run
from engine.report.observed import Observed, observed_of

END = "end"
"""`--until end`: the run goes on to the end of the upgrade, though an earlier night has no end."""
_SAFE = (Position.NOT_STARTED, Position.UPDATED)
"""Where the upgrade may be left: nothing of the target is there, nothing is changed for a time."""


def pause_of(wanted: str | None, release: Release, settings: Settings) -> Pause | None:
    """The phase that `--until` names; None: it was not given, or names the end. UsageError where it
    is not safe."""
    if not wanted or wanted == END:
        return None
    phases = [phase for stage in release.stages for phase in stage.phases]
    safe = [pause.phase for pause in release.pauses]
    if wanted not in phases:
        raise UsageError(
            f"--until {wanted}: there is no such phase; a run can end behind"
            f" {' or '.join(safe) or 'none'}; --until {END} is the end of the upgrade"
        )
    if not settings.reactivate_after_update:
        raise UsageError(
            f"--until {wanted}: with runbook_reactivate_after_update = no the update leaves nodes"
            " in standby and fencing off until the upgrade is over, so there is no phase to end"
            " behind; take that line out of the inventory, or run without --until"
        )
    found = next((pause for pause in release.pauses if pause.phase == wanted), None)
    if found is None:
        raise UsageError(f"--until {wanted}: {_not_safe(wanted, phases, release)}")
    return found


def first_night(release: Release, settings: Settings, position: Position) -> Pause | None:
    """The earliest phase that `--until` may still name; None: there is one night only, or the
    phase is done. Where nobody knows the position it may be named: the run looks again."""
    if not settings.reactivate_after_update or position.is_after(Position.UPDATE_UNDER_WAY):
        return None
    return next(iter(release.pauses), None)


def _not_safe(wanted: str, phases: Sequence[str], release: Release) -> str:
    """Why not behind this phase, and which one to name instead."""
    place = phases.index(wanted)
    before = [pause.phase for pause in release.pauses if phases.index(pause.phase) < place]
    after = [pause.phase for pause in release.pauses if phases.index(pause.phase) > place]
    point = phase_of(release.no_return)
    if point in phases and place >= phases.index(point):
        said = "from its first round on N alone carries everything, without fencing, to the end"
        return f"{said}; name {listed(before[-1:], 1) or 'no phase'}, the last place before it"
    said = "nothing is changed in it, so it is no place to stop behind"
    return f"{said}; name {' or '.join([*before[-1:], *after[:1]])} instead"


def leave_out_the_rest(run: Run, steps: Sequence[StepItem]) -> None:
    """The steps behind the phase are to come; those of every run are made, and those that end a
    night once all before is done. UsageError when this runbook has no step of the phase."""
    pause = run.until
    if pause is None:
        return
    mine = [number for number, step in enumerate(steps) if step.phase == pause.phase]
    if not mine:
        raise UsageError(f"--until {pause.phase}: this runbook has no step of that phase")
    why = f"to come: this run was to end behind {pause.phase}"
    last = mine[-1] + 1
    behind = [step for step in steps[last:] if not step.mark.is_of_every_run]
    asked_for = [step.name for step in steps[:last] if not step.mark.is_of_every_run]
    run.asked_for = frozenset(asked_for)
    run.at_its_end = tuple(step.name for step in behind if step.mark.ends_night)
    run.left_out = {step.name: why for step in behind if not step.mark.ends_night}
    run.waits_for = {**run.waits_for, **dict.fromkeys(run.at_its_end, asked_for)}


def time_expected(run: Run) -> timedelta:
    """What is announced for the phases that the run comes to."""
    nodes = len(run.inventory.hosts)
    if run.until is None:
        return run.release.announced(nodes)
    return up_to(run.release.stages, run.until.phase, nodes)


def refuse_too_late(run: Run, position: Position, earlier: Sequence[Event]) -> None:
    """Stop the run, before it has the cluster's lock, when the point of no return is behind."""
    if run.until is None or run.stop is not None:
        return
    passed = None if run.memory.closed else passing_of(earlier)
    if passed is None and not position.is_after(Position.UPDATED):
        return
    over = position in (Position.REACTIVATED, Position.CLOSED)
    since = f" at {passed['time']}" if passed else ""
    why = (
        f"the upgrade is behind this cluster (position: {position.value})"
        if over
        else f"the first round of the upgrade was begun{since}, and up to its end there is no"
        " place where it is safe to stop"
    )
    run.halt(
        Ending.USAGE,
        f"--until {run.until.phase}: {why}; nothing was changed",
        "Run without --until: it looks once more."
        if over
        else "Run without --until: it goes on to the end.",
        way=Way.UPGRADE,
    )


def refuse_unsaid(run: Run, position: Position, earlier: Sequence[Event]) -> None:
    """Stop the run when a night was not brought to its end, and nobody says where this one ends.

    A run that was killed can't say what to type next. Typed as ever, the command would go through
    the point of no return in a night that was to end before it.
    """
    if run.until or run.to_its_end or run.stop is not None or run.memory.closed:
        return
    if run.mode is not Mode.EXECUTE or run.scope is not Scope.UPGRADE:
        return
    night = _night_without_end(earlier)
    if night is None or passing_of(earlier) or position.is_after(Position.UPDATED):
        return
    phase = night["until"]
    run.halt(
        Ending.USAGE,
        f"the run {night['run']} was told to end behind the phase {phase} and did not come to its"
        " end there, and this one was not told where to end; nothing was changed",
        f"To end there: run again with --until {phase}. To go on to the end of the upgrade, past"
        f" the point of no return: run again with --until {END}.",
    )


def _night_without_end(earlier: Sequence[Event]) -> Event | None:
    """The begin of the last run of the attempt that was told where to end, unless it ended so."""
    told = [e for e in earlier if e["event"] == "run-started" and e.get("until")]
    if not told or told[-1]["until"] == END:
        return None
    ended = [e for e in earlier if e["event"] == "run-ended" and e["run"] == told[-1]["run"]]
    return None if any(e["outcome"] == Ending.AS_ASKED for e in ended) else told[-1]


def leave_out_what_is_done(run: Run, position: Position) -> None:
    """Nothing is run when the phase is done already: that is said, and nothing is changed but for
    what an earlier run has left to be given back at its end."""
    pause = run.until
    if pause is None or run.stop is not None or position.value != pause.done_at:
        return
    why = f"nothing is run: an earlier run has done the phase {pause.phase}"
    run.left_out = {**dict.fromkeys(run.asked_for, why), **run.left_out}
    run.waits_for = {**run.waits_for, **dict.fromkeys(run.at_its_end, ())}


def is_unmet(run: Run, row: Row) -> bool:
    """Whether a row of the guide speaks against a good end: one that failed, or has no record.

    Of steps that this run was not to come to neither counts: the next one comes to them.
    """
    if row.state is RowState.FAILED:
        return not row.steps or not set(row.steps) <= run.left_out.keys()
    return not row.steps and run.until is None


def end_as_asked(run: Run, earlier: Sequence[Event]) -> None:
    """Nothing stopped the run before the phase's end: it ends there, when the place is seen to be
    safe."""
    pause = run.until
    if pause is None or run.stop is not None:
        return
    if doubt := _doubt(run, observed_of([*earlier, *run.journal.events], run.run_id)):
        run.halt(
            Ending.FAILED,
            f"the run can't end as --until {pause.phase} asked: {doubt}",
            "Look at the cluster (`pcs status`). Then run again: what is done already is not done"
            " twice.",
        )
        return
    already = " already, by an earlier run" if run.asked_for & run.left_out.keys() else ""
    left = {e["observed"]: e["remedy"] for e in _at_its_end(run, "finding")}
    pair = f"from {run.release.source} to {run.release.target}"
    meanwhile = " ".join([*left.values(), pause.meanwhile])
    run.halt(
        Ending.AS_ASKED,
        f"the phase {pause.phase} is done{already}, and --until {pause.phase} was given."
        f" {pause.why} {_given_back(run, left)}",
        f"{meanwhile} For the next night write its window into the inventory, and run again"
        f" without --until: the upgrade {pair} goes on from here.",
        way=Way.UPGRADE,
    )


def _at_its_end(run: Run, kind: str) -> list[Event]:
    """The events of that kind of the steps that ended the night."""
    return [e for e in run.journal.events if e["event"] == kind and e["step"] in run.at_its_end]


def _given_back(run: Run, left: Iterable[str]) -> str:
    """What was given back at the end, and what could not be and ends by itself; sentences."""
    ended = [e["reason"] for e in _at_its_end(run, "step-ended") if e["outcome"] == "done"]
    if kept := list(left):
        return f"NOT GIVEN BACK: {'; '.join(kept)}."
    return f"No temporary change is in place{''.join(f'; {said}' for said in ended)}."


def _doubt(run: Run, seen: Observed) -> str:
    """What speaks against leaving the cluster; empty: it was seen to be as it should be."""
    if run.not_known:
        return f"how the cluster is left is not known ({run.not_known})"
    if not seen.is_current or seen.nodes is None or not seen.fencing:
        return "how the cluster is left was not seen at the end"
    left = str(run.memory.facts[AFTER].get("position", Position.UNKNOWN.value))
    if left not in [position.value for position in _SAFE]:
        return f"the cluster was left at the position {left!r}; expected 'updated' or 'not started'"
    source = str(run.release.source)
    other = [node for node in run.inventory.names if seen.versions.get(node) != source]
    faults = {
        "in standby": seen.in_standby,
        "not online": seen.away,
        f"not seen at {source}": other,
    }
    found = [f"{listed(nodes)} {what}" for what, nodes in faults.items() if nodes]
    if seen.fencing_before and seen.fencing != seen.fencing_before:
        found.append(f"fencing {seen.fencing}, before it was {seen.fencing_before}")
    return "; ".join(found)
