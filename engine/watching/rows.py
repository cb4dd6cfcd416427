"""The rows of what is shown of a run: its step, its command, its nodes and services."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from engine.judge.text import tenths
from engine.record.position import Position
from engine.report.console import clock
from engine.report.words import to_the_second
from engine.watching.state import Command, Node, Service, Watched
from engine.watching.told import STEPS, Line, StageLine, Tone, line


def at(moment: datetime | None) -> str:
    """A moment of this night, for people: UTC, as everywhere in the evidence."""
    return f"{moment:%H:%M:%S}" if moment else "never"


def day(moment: datetime | None) -> str:
    """A moment with its date."""
    return f"{to_the_second(moment)} UTC" if moment else "never"


def since(moment: datetime | None, until: datetime) -> str:
    """How long it is, as 1:02:03; empty when the moment is not known."""
    return clock(max(0.0, (until - moment).total_seconds())) if moment else ""


def now_lines(watched: Watched, until: datetime) -> Iterator[Line]:
    """What the run does, and what is unusual about it."""
    if not watched.run:
        return
    if watched.step is not None:
        _, intent = watched.steps.get(watched.step.name, (0, ""))
        said = f"{watched.step.name}: {intent}".rstrip(": ")
        yield line("step", said, since(watched.step.since, until))
    if watched.command is not None:
        yield from _command(watched.command, until, is_over=watched.ended is not None)
    if watched.window_end is not None:
        yield _window(watched.window_end, until)
    if watched.no_return:
        yield _no_return(watched)
    if watched.until and not watched.ended:
        yield line("it is to end", f"behind the phase {watched.until}, as asked")
    if watched.fencing_off is not None:
        off = f"off since {at(watched.fencing_off)}"
        yield line("fencing", off, since(watched.fencing_off, until), Tone.WARN)
    if watched.not_known:
        yield line("not known", watched.not_known, tone=Tone.WARN)
    if watched.deviations:
        more = f"; {watched.deviations - 1} more" if watched.deviations > 1 else ""
        yield line("not as predicted", f"{watched.deviation}{more}", tone=Tone.WARN)
    if watched.blocking:
        yield line("findings", f"{watched.blocking} that block", tone=Tone.BAD)


def about_lines(watched: Watched, until: datetime, now: datetime) -> Iterator[Line]:
    """What the run is, and how far it came."""
    if not watched.run:
        return
    if watched.phase and not watched.ended:
        yield line("phase", watched.phase, since(watched.phase_since, until))
    if watched.outcomes:
        said = ", ".join(f"{count} {outcome}" for outcome, count in watched.outcomes.items())
        tone = Tone.BAD if watched.outcomes.get("failed") else Tone.PLAIN
        yield line(STEPS, f"{said}; {len(watched.steps)} in all", tone=tone)
    if watched.position:
        active = f"; N is {watched.active}" if watched.active else "; which node is N is not known"
        yield line("began from", f"{watched.position}{active}")
    by = f"{watched.run}, by {watched.operator} on {watched.host}"
    yield line("id", f"{by}, begun at {day(watched.begun)}")
    if not watched.ended:
        ago = f"{since(watched.last, now)} ago"
        yield line("last sign of life", "a line of its journal", ago)


def _window(end: datetime, until: datetime) -> Line:
    if until > end:
        return line("window", f"IS OVER since {at(end)}", since(end, until), Tone.WARN)
    left = end - until
    said = f"{left.days} days" if left.days > 1 else clock(left.total_seconds())
    return line("window", f"until {end:%Y-%m-%d %H:%M} (UTC)", f"{said} left")


def _no_return(watched: Watched) -> Line:
    """Whether there is still a way back."""
    label = "point of no return"
    if watched.passed_by:
        return line(label, f"behind, passed at {at(watched.passed)}")
    if watched.is_no_return_behind:
        when = f" at {day(watched.passed)}" if watched.passed else ""
        return line(label, f"behind, passed{when} by an earlier run")
    if watched.position in ("", Position.UNKNOWN):
        return line(label, "not passed by this run; whether by an earlier one is not known yet")
    return line(label, f"ahead, at {watched.no_return}")


def _command(command: Command, until: datetime, *, is_over: bool) -> Iterator[Line]:
    said = f"{command.what} on {command.node} since {at(command.since)}"
    if is_over:
        left = {"running": "goes on by itself", "ended": "ended meanwhile", "gone": "is gone"}
        left["lost"] = "left no trace"
        state = left.get(command.left, "its end is not on record")
        yield line("left on the cluster", f"{said}: {state}", tone=Tone.WARN)
        return
    yield line("change", said, since(command.since, until))
    if command.told is None:
        return
    places = {"play": command.play, "task": command.task, "last host": command.host}
    where = ", ".join(f"{word} {value}" for word, value in places.items() if value)
    tasks = "1 task" if command.tasks == 1 else f"{command.tasks} tasks"
    count = f"; {tasks} begun" if command.tasks else ""
    said = (where or "its log goes on") + count
    yield line("it is at", said, f"told {since(command.told, until)} ago")


def stage_lines(watched: Watched, until: datetime) -> Iterator[StageLine]:
    """The announced stages; none for a run that is no upgrade, or of an older runbook."""
    is_over = watched.ended is not None and watched.ended.is_through
    if watched.ended is not None and watched.is_as_asked:
        yield from _stages_as_asked(watched)
        return
    for number, stage in enumerate(watched.stages):
        about = f"about {stage.minutes:.0f} min"
        if is_over or (watched.stage is not None and number < watched.stage):
            yield StageLine(stage.title, "behind", about)
        elif number == watched.stage:
            taken = f"{since(watched.stage_since, until)} of {about}"
            state = "stopped" if watched.ended else "now"
            yield StageLine(stage.title, state, taken)
        else:
            yield StageLine(stage.title, "ahead", about)


def _stages_as_asked(watched: Watched) -> Iterator[StageLine]:
    """Up to the phase that was named they are behind; the steps of the others were only counted."""
    ends = (n for n, stage in enumerate(watched.stages) if watched.until in stage.phases)
    last = next(ends, -1)
    for number, stage in enumerate(watched.stages):
        state = "behind" if number <= last else "ahead"
        yield StageLine(stage.title, state, f"about {stage.minutes:.0f} min")


def node_line(watched: Watched, name: str, node: Node, until: datetime) -> Line:
    """Whether a node answers and whether it is in standby, as far as that is on record."""
    role = f"{node.role.replace('_', '-')}{', N' if name == watched.active else ''}"
    seen = f"last answer {since(node.seen, until)} ago" if node.seen else ""
    if node.lost is not None:
        said = f"{role}: OUT OF REACH since {at(node.lost)}: {node.why}"
        return line(name, said, seen, Tone.BAD)
    state = "answers" if node.seen else "not asked yet"
    if node.standby is not None:
        return line(name, f"{role}: in standby since {at(node.standby)}", seen, Tone.WARN)
    return line(name, f"{role}: {state}", seen, Tone.GOOD if node.seen else Tone.PLAIN)


def service_line(name: str, service: Service, until: datetime) -> Line:
    """Whether a service answers, and its gaps."""
    where = f" at {service.way}" if service.way else ""
    gaps = (
        f"{service.gaps} gap{'s' if service.gaps > 1 else ''} of {tenths(service.seconds)} s in all"
    )
    before = f"; {gaps} before" if service.gaps else ""
    if service.gap is not None:
        word = "not seen" if service.unseen else "NO ANSWER"
        said = f"{word}{where} since {at(service.gap)}: {service.why}{before}"
        tone = Tone.WARN if service.unseen else Tone.BAD
        return line(name, said, since(service.gap, until), tone)
    if not service.way:
        return line(name, "never answered here, so not measured" if service.ended else "asked")
    state = "answered until the end" if service.ended else "answers"
    said = f"{state}{where}; {gaps if service.gaps else 'no gap'}"
    return line(name, said, tone=Tone.GOOD)
