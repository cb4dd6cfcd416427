"""How a run ends: summary, the lines on the console, the exit code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.journal import Event, stamp
from engine.ledger import open_entries
from engine.notify import notify
from engine.rows import Row, RowState, rows_of
from engine.run import Ending, Mode, Run
from engine.session import Session
from engine.steps import Scope
from engine.summary import build_summary, write_summary

_GOOD = ("done", "nothing to do", "not needed", "not applicable")


@dataclass(frozen=True)
class Ended:
    """What is left when a run is over."""

    exit_code: int
    summary: Mapping[str, Any]
    lines: list[str] = field(default_factory=list)


def finish(run: Run, session: Session | None, serving: Mapping[str, list[str]]) -> Ended:
    """Write what the run leaves; the exit code is that of the first event that stopped it."""
    run.step = ""
    earlier = session.survey.earlier if session is not None and hasattr(session, "survey") else []
    # a restore judges no row: it serves the ledger, not the guide
    guide = {} if run.scope is Scope.RESTORE else run.release.guide
    rows = rows_of([*earlier, *run.journal.events], guide, serving)
    _check_complete(run, rows)
    ending = run.stop.ending if run.stop else _good_ending(run)
    finished = run.now()
    _warn_of_unused_acceptances(run)
    run.record("run-ended", outcome=ending.value, exit_code=ending.code)
    if session is not None:
        _keep_earlier(run, session)
        session.end()
    header = _header(run, ending, finished, [*earlier, *run.journal.events])
    summary = build_summary(header=header, events=run.journal.events, rows=rows)
    write_summary(run.directory / "summary.json", summary)
    notify(run, "end", f"{ending.value} (exit code {ending.code})")
    return Ended(ending.code, summary, _lines(run, session, summary))


def _good_ending(run: Run) -> Ending:
    return Ending.PLANNED if run.mode is Mode.PLAN else Ending.DONE


def _check_complete(run: Run, rows: list[Row]) -> None:
    """In execute mode a step that was not done never ends in 0, and no entry may be open."""
    if run.mode is Mode.PLAN or run.stop is not None:
        return
    ended = [event for event in run.journal.events if event["event"] == "step-ended"]
    bad = [event["name"] for event in ended if event["outcome"] not in _GOOD]
    if bad or not ended:
        run.halt(
            Ending.FAILED,
            f"steps not done: {', '.join(bad[:5]) or 'all'}",
            "See their reasons above, remove the cause, then run again.",
        )
    elif run.memory.ledger:
        left = ", ".join(f"{e.kind} of {e.subject}" for e in run.memory.ledger.values())
        run.halt(Ending.FAILED, f"temporary changes are still in place: {left}", "Run again.")
    elif bad := [row.id for row in rows if row.state is RowState.FAILED or not row.steps]:
        run.halt(
            Ending.FAILED,
            f"rows of the guide failed or without a record: {', '.join(bad)}",
            "See their reasons in the report.",
        )


def _warn_of_unused_acceptances(run: Run) -> None:
    for acceptance in run.judge.unused:
        run.record(
            "note",
            step="",
            text=f"the acceptance of {acceptance.code} was not needed by any finding",
        )


def _keep_earlier(run: Run, session: Session) -> None:
    """The earlier journals of the attempt, beside our own: the evidence covers all of it."""
    attempt = session.survey.attempt if hasattr(session, "survey") else None
    if attempt is None:
        return
    for name, text in attempt.journals.items():
        path = run.directory / "earlier" / name.replace("/", "-")
        path.touch(mode=0o600)
        path.write_text(text)


def _header(run: Run, ending: Ending, finished: datetime, events: list[Event]) -> dict[str, Any]:
    settings = run.inventory.settings
    first = next((event for event in events if event["event"] == "run-started"), None)
    times = {event["name"]: event for event in events if event["event"] == "fact"}
    standby = times.get("standby", {}).get("per_node", {})
    window = (
        f"{stamp(settings.window_start)} to {stamp(settings.window_end)}"
        if settings.window_start and settings.window_end
        else ""
    )
    minutes = run.release.estimate_base + run.release.estimate_per_node * len(run.inventory.hosts)
    return {
        "run_id": run.run_id,
        "attempt": run.attempt,
        "cluster": settings.cluster,
        "environment": settings.environment.value,
        "mode": run.mode.value,
        "source": str(run.release.source),
        "target": str(run.release.target),
        "change_id": settings.change_id,
        "window": window,
        "operator": first["operator"] if first else "",
        "started": stamp(run.started),
        "finished": stamp(finished),
        "announced": f"{minutes} minutes ({run.release.estimate_base} + "
        f"{run.release.estimate_per_node} for each of {len(run.inventory.hosts)} nodes)",
        "taken": str(timedelta(seconds=int((finished - run.started).total_seconds()))),
        "standby": "; ".join(f"{node} {seconds:.0f} s" for node, seconds in standby.items()),
        "outcome": ending.value,
        "exit_code": ending.code,
        "ledger": [
            {"kind": e.kind, "subject": e.subject, "former": e.former, "since": e.since}
            for e in run.memory.ledger.values()
        ],
        "stopped": {"reason": run.stop.reason, "what_to_do": run.stop.what_to_do}
        if run.stop
        else None,
    }


def _lines(run: Run, session: Session | None, summary: Mapping[str, Any]) -> list[str]:
    counted: dict[str, int] = {}
    for row in summary["guide"]:
        counted[row["state"]] = counted.get(row["state"], 0) + 1
    lines = [""]
    if counted:
        lines.append("guide: " + ", ".join(f"{n} {state}" for state, n in counted.items()))
    for row in summary["guide"]:
        if row["state"] in ("failed", "open"):
            lines.append(f"  {row['id']} {row['state']}: {row['reason']}")
    left_out = sum(step["outcome"] == "not reached" for step in summary["steps"])
    if left_out:
        lines.append(f"not reached: {left_out} of {len(summary['steps'])} steps")
    for finding in summary["findings"]:
        if finding["severity"] == "block":
            word = "accepted" if finding["accepted"] else "BLOCKS"
            lines.append(
                f"  {word} [{finding['code']}] {finding['subject']}: {finding['observed']};"
                f" expected {finding['expected']}. {finding['remedy']}"
            )
    lines += open_entries(run.memory.ledger.values(), run.inventory.path)
    if run.stop is not None:
        lines += [f"{run.stop.ending.value}: {run.stop.reason}"]
        lines += [f"what to do: {run.stop.what_to_do}"]
    lines.append(f"outcome: {summary['outcome']}, exit code {summary['exit_code']}")
    lines.append(f"report: {run.directory / 'report.html'}")
    return lines
