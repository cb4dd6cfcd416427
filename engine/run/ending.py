"""How a run ends: what is looked at last, whether it is complete, its summary, the exit code."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.act import detached
from engine.atomic import write_atomically
from engine.errors import RunbookError
from engine.model.ending import Ending, Mode
from engine.model.event import Event
from engine.model.groups import grouped
from engine.model.outcomes import PASSED
from engine.prove.seal import Signing
from engine.record.archive import name_of
from engine.record.directory import LATEST, give_latest_back
from engine.record.run import Run
from engine.report.audit.page import NAME as PAGE
from engine.report.audit.page import NotDrawn, write_page
from engine.report.change import of_change
from engine.report.hand_over import hand_over
from engine.report.last_lines import last_lines, report_line
from engine.report.summary import NAME as SUMMARY
from engine.report.summary import attempt_rows, planned_steps, summary_of, write_summary
from engine.report.under_way import SEEN, as_seen, in_place
from engine.run.notify import tell_end
from engine.run.plan_ending import NAME as PLAN
from engine.run.plan_ending import draw_plan, write_plan
from engine.run.session import Session
from engine.run.snapshot import ask_for_snapshot
from engine.run.until import end_as_asked, is_unmet
from engine.support import bundle
from engine.support.asking import Collected
from engine.verify import HANDOVER


@dataclass(frozen=True)
class Ended:
    """What is left when a run is over."""

    exit_code: int
    summary: Mapping[str, Any]
    directory: Path
    lines: list[str] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)
    """What could not be written on this machine, and why."""
    support: Collected | None = None
    """What the nodes said for the support bundle; None: the run leaves none."""
    signing: Signing | None = None
    """The key that was found for the evidence, which is sealed last."""
    sealed: list[str] = field(default_factory=list)
    """How the evidence is held together: what to note down before it is handed over."""
    made_anew: str = ""
    """When and how, a sentence; empty: the run itself ends."""

    def last_lines(self) -> list[str]:
        """The last lines, with the files that are missing in place of the report's path."""
        if not self.unwritten:
            return [*self.lines, *self.sealed, report_line(self.directory)]
        return [
            *self.lines,
            *(f"NOT WRITTEN: {what}" for what in self.unwritten),
            f"make room, then: python -m engine report {shlex.quote(str(self.directory))}",
        ]


def finish(run: Run, session: Session | None, failed: str = "") -> Ended:
    """Write what the run leaves; the exit code is that of the first event that stopped it.

    `failed` is what pytest saw fail, in words.
    """
    if session is not None:
        session.measuring.end()
        session.check_hold()
    run.step = ""
    earlier = earlier_events(session)
    _check_complete(run, earlier)
    if failed and run.stop is None and run.mode is not Mode.PLAN:
        run.halt(Ending.FAILED, failed, "Remove the cause, then run again.")
    end_as_asked(run, earlier)
    for text in run.judge.warnings():
        run.record("warning", step="", text=text)
    if run.is_kept_out:
        _give_latest_back(run)
    if session is not None:
        _look_at_commands(run, session)
    # no look: the run ended before its first one
    look, say = getattr(session, "look", None), session.console.line if session else _drop_line
    support = bundle.collect(run, look, say, earlier)
    ask_for_snapshot(run, look, say)
    drawn = draw_plan(run, session, _ending(run)) if run.mode is Mode.PLAN else []
    if session is not None:
        session.live.tell_problem()
    signing = Signing.of(run)
    run.record("signer", step="", key=signing.key, why=signing.why)
    if session is not None:
        session.tell_witnesses()
    ending = _tell_end(run)
    if session is not None:
        session.end()
    ending = _tell_end(run, ending)
    if session is not None:
        session.live.end()
    told = run.journal.told_events()
    summary = summary_of(told, earlier)
    unwritten = _write(run, summary, told, earlier)
    tell_end(run, summary)
    for text in run.news.new_problems() if run.news else ():
        say(text)
    lines = last_lines(summary, run.directory, drawn)
    return Ended(ending.code, summary, run.directory, lines, unwritten, support, signing)


def write_support(run: Run, session: Session | None, ended: Ended) -> None:
    """The support bundle, when all other files are there; what can't be written is told."""
    if ended.support is None:
        return
    try:
        bundle.write(run, ended.support, earlier_events(session))
    except OSError as error:
        path = run.directory / name_of(run.run_id)
        why = error.strerror or error
        ended.unwritten.append(f"{path} ({why}); python -m engine bundle makes one afterwards")


def earlier_events(session: Session | None) -> Sequence[Event]:
    """The events of the attempt's runs before this one, as far as they are known."""
    return session.survey.earlier if session is not None and hasattr(session, "survey") else []


def _give_latest_back(run: Run) -> None:
    try:
        give_latest_back(run.directory, run.latest_before)
    except OSError as error:
        text = f"{run.directory.parent / LATEST} still points to this run: {error.strerror}"
        run.record("warning", step="", text=text)


def _ending(run: Run) -> Ending:
    if run.stop is not None:
        return run.stop.ending
    return Ending.PLANNED if run.mode is Mode.PLAN else Ending.DONE


def _tell_end(run: Run, told: Ending | None = None) -> Ending:
    """Record how the run ends, again if its own last words stopped it: the disk may be full."""
    while (ending := _ending(run)) is not told:
        run.record("run-ended", outcome=ending.value, exit_code=ending.code)
        told = ending
    return ending


def _check_complete(run: Run, earlier: Sequence[Event]) -> None:
    """Unless it only plans, a step that was not done never ends in 0, and no entry may be open."""
    if run.mode is Mode.PLAN or run.stop is not None:
        return
    events = run.journal.events
    good = {e["name"] for e in events if e["event"] == "step-ended" and e["outcome"] in PASSED}
    due = [step["name"] for step in planned_steps(events) if step["name"] not in run.left_out]
    bad = [name for name in due if name not in good]
    if bad or not good:
        run.halt(
            Ending.FAILED,
            f"steps not done: {', '.join(bad[:5]) or 'all'}",
            "See their reasons above, remove the cause, then run again.",
        )
    elif run.memory.ledger:
        left = in_place(as_seen(run.memory, of_change([*earlier, *events])))
        run.halt(
            Ending.FAILED,
            f"temporary changes still in place: {left}",
            "Run again: the upgrade gives back what it took. What is left even so, --restore gives"
            " back.",
        )
    elif unmet := [row.id for row in attempt_rows(events, earlier) if is_unmet(run, row)]:
        run.halt(
            Ending.FAILED,
            f"rows of the guide failed or without a record: {', '.join(unmet)}",
            "See their reasons in the report, remove the cause, then run again.",
        )


def _look_at_commands(run: Run, session: Session) -> None:
    """Long commands whose end is not on record: whoever comes next is told what they do now."""
    if run.attempt is None or not hasattr(session, "look"):
        return
    for record in run.memory.open_intents():
        name = record.intent.get("detached")
        if not name:
            continue
        base = detached.directory(run.attempt, name)
        try:
            seen = session.look.ask(record.intent["node"], detached.progress_query(base))
        except RunbookError:
            continue  # the summary then says that it may still be running
        state = "ended" if seen.has_ended else "running" if seen.alive else "gone"
        if not seen.exists and record.seen:
            state = "lost"
        run.record(SEEN, step="", key=record.key, state=state, status=seen.status)


def _write(
    run: Run, summary: Mapping[str, Any], told: Sequence[Event], earlier: Sequence[Event]
) -> list[str]:
    """`told`: the run's events, as its reports go by them."""
    unwritten = []
    before = grouped(((str(e["run"]), str(e.get("step") or "")), e) for e in earlier)

    def of_step(key: tuple[str, str]) -> Iterable[Event]:
        run_id, step = key
        return run.journal.of_step(step) if run_id == run.run_id else before.get(key, ())

    if not run.journal.is_whole:
        unwritten.append(f"{run.journal.path}: its last events ({run.journal.problem})")
    written: dict[str, Callable[[], None]] = {
        SUMMARY: lambda: write_summary(run.directory / SUMMARY, summary),
        PLAN: lambda: write_plan(run.directory, told),
        PAGE: lambda: write_page(run.directory, told, earlier, of_step),
        HANDOVER[0]: lambda: _write_hand_over(run, summary, told, earlier),
    }
    for name, write in written.items():
        try:
            write()
        except (OSError, NotDrawn) as error:
            why = getattr(error, "strerror", None) or error
            unwritten.append(f"{run.directory / name} ({why})")
    return unwritten


def _write_hand_over(
    run: Run, summary: Mapping[str, Any], told: Sequence[Event], earlier: Sequence[Event]
) -> None:
    """For those who have the cluster from now on; nothing when the upgrade is not done."""
    for name, content in hand_over(summary, told, earlier).items():
        write_atomically(run.directory / name, content)


def _drop_line(text: str) -> None:
    """There is no console yet."""
