"""What is known of a run, in words for whoever looks on."""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.report.console import clean_line, clock
from engine.watching.rows import (
    about_lines,
    day,
    node_line,
    now_lines,
    service_line,
    since,
    stage_lines,
)
from engine.watching.state import Watched
from engine.watching.told import Life, Line, Told, Tone, line


def told_of(watched: Watched, now: datetime, life: Life = Life.THERE) -> Told:
    """Everything that is shown of a run at this moment."""
    until = _until(watched, now, life)
    return Told(
        title=_title(watched),
        verdict=_verdict(watched, until, now, life),
        person=_person(watched, life),
        now=tuple(now_lines(watched, until)),
        about=tuple(about_lines(watched, until, now)),
        stages=tuple(stage_lines(watched, until)),
        nodes=tuple(node_line(watched, name, node, until) for name, node in watched.nodes.items()),
        services=tuple(service_line(name, one, until) for name, one in watched.services.items()),
        share=_share(watched, until),
    )


def _until(watched: Watched, now: datetime, life: Life) -> datetime:
    """The clocks of a run that is over stand still."""
    if watched.ended:
        return watched.ended.at
    return watched.last or now if life is Life.GONE else now


def _title(watched: Watched) -> str:
    if not watched.run:
        return "a run whose journal has no line yet"
    pair = f"{watched.source} to {watched.target}"
    what = "" if watched.mode == "execute" else f", {watched.mode}"
    return clean_line(f"{watched.cluster}, {pair}{what}")


def _verdict(watched: Watched, until: datetime, now: datetime, life: Life) -> Line:
    if watched.ended:
        ended = watched.ended
        tone = Tone.GOOD if ended.exit_code == 0 else Tone.BAD
        said = f"ended at {day(ended.at)}: {ended.outcome}, exit code {ended.exit_code}"
        return line("run", said, f"it took {since(watched.begun, until)}", tone)
    if life is Life.GONE:
        said = f"no sign of life since {day(watched.last)}: the process is not there any more"
        return line("run", said, f"{since(watched.last, now)} ago", Tone.BAD)
    how_far = ", ".join(filter(None, (_number(watched), _elapsed(watched, until))))
    if life is Life.ELSEWHERE:
        said = (
            f"not ended; it works on {watched.host}, so from here nobody can tell if it lives; the"
            " cluster can: watch --on-node"
        )
        return line("run", said, how_far, Tone.WARN)
    where = watched.phase or "it begins"
    if watched.stopped is not None:
        return line("run", f"stopped, and on its way to the end: {where}", how_far, Tone.WARN)
    is_late = watched.minutes and _taken(watched, until) > timedelta(minutes=watched.minutes)
    if is_late:
        return line("run", f"at work, LONGER THAN EXPECTED: {where}", how_far, Tone.WARN)
    return line("run", f"at work: {where}", how_far)


def _taken(watched: Watched, until: datetime) -> timedelta:
    return until - watched.begun if watched.begun else timedelta()


def _number(watched: Watched) -> str:
    return f"step {watched.reached} of {len(watched.steps)}" if watched.reached else ""


def _elapsed(watched: Watched, until: datetime) -> str:
    about = f" of about {clock(watched.minutes * 60)}" if watched.minutes else ""
    return f"{since(watched.begun, until)}{about}" if watched.begun else ""


def _person(watched: Watched, life: Life) -> Line:
    again = watched.commands.get("again", "")
    if watched.is_as_asked and (watched.ended or life is not Life.GONE):
        said = f"no, until the next night: {watched.commands.get('upgrade', again)}"
        return line("waits for a person", said, tone=Tone.GOOD)
    if watched.stopped is not None:
        stopped = watched.stopped
        tone = Tone.WARN if stopped.outcome in ("interrupted", "locked") else Tone.BAD
        said = f"yes, it stopped ({stopped.outcome}): {stopped.reason.rstrip('.')}."
        said += f" What to do: {stopped.what_to_do}" if stopped.what_to_do else ""
        if not watched.ended and life is not Life.GONE:
            said += " No change is made any more; what only looks goes on to the end."
        return line("waits for a person", said, tone=tone)
    if watched.ended:
        return line("waits for a person", "no", tone=Tone.GOOD)
    if life is Life.GONE:
        said = "yes, to run it again: it goes on from there" + (f": {again}" if again else "")
        return line("waits for a person", said, tone=Tone.BAD)
    return line("waits for a person", "no", tone=Tone.GOOD)


def _share(watched: Watched, until: datetime) -> float | None:
    if not watched.minutes or watched.begun is None:
        return None
    if watched.ended and watched.ended.is_through:
        return 1.0
    return min(1.0, _taken(watched, until) / timedelta(minutes=watched.minutes))
