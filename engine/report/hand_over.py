"""What whoever ran the upgrade sends to those who have the cluster from now on. Pure.

Made of the journals alone: what was upgraded, when, by whom, what was found and accepted, what is
left to do, where the proof is. As plain text, as Markdown and as an HTML mail, each by a template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Template

from engine.judge.text import listed, many, shortened
from engine.model.event import Event, operator_of, stamp
from engine.model.facts import AFTER
from engine.model.finding import acceptance_sentence
from engine.model.groups import grouped
from engine.record.gaps import sentence as gaps_in_words
from engine.report.audit.approvals import approvals_of
from engine.report.audit.found import findings_of
from engine.report.change import closing_of, of_change, taken_by
from engine.report.compiled import environment
from engine.report.console import clean_line
from engine.report.earlier import placed
from engine.report.html import shown_on_a_page
from engine.report.losses import loss_lines
from engine.report.spans import runs_of
from engine.report.window import window_sentence, windows_of
from engine.report.words import at
from engine.verify import HANDOVER

_MOST = 30
"""Findings, and open points, that are listed."""
_SHOWN = 300
"""Characters of what was observed."""


@dataclass(frozen=True)
class Left:
    """One thing that is left to do."""

    what: str
    owner: str
    until: str


@dataclass(frozen=True)
class HandOver:
    """All that the three texts say."""

    title: str
    headline: str
    facts: tuple[tuple[str, str], ...]
    nodes: tuple[tuple[str, str], ...]
    """Name; role, and the version that it was seen at last."""
    runs: tuple[str, ...]
    accepted: tuple[str, ...]
    found: tuple[str, ...]
    """What was seen, has weight, and stands without anybody's word."""
    mended: str
    """How much was found on the way and holds no more."""
    lost: tuple[str, ...]
    left: tuple[Left, ...]
    proof: tuple[str, ...]


def is_due(own: Sequence[Event], earlier: Sequence[Event]) -> bool:
    """The run ended well, and the attempt is closed as the upgrade is done."""
    ends = [event for event in own if event["event"] == "run-ended"]
    closing = closing_of(of_change([*earlier, *own]))
    is_closed = closing is not None and closing.get("by", "done") == "done"
    is_done = bool(ends) and ends[-1]["outcome"] == "done" and own[0]["mode"] == "execute"
    return is_closed and is_done


def hand_over(
    summary: Mapping[str, Any], own: Sequence[Event], earlier: Sequence[Event]
) -> dict[str, bytes]:
    """File name -> content; none when the upgrade is not done.

    `own` are the run's events, `earlier` those of the attempt's runs before it.
    """
    if not is_due(own, earlier):
        return {}
    told = told_of(summary, [*placed(earlier, own), *own])
    return {name: f"{_template(name).render(told=told)}\n".encode() for name in HANDOVER}


def told_of(summary: Mapping[str, Any], events: Sequence[Event]) -> HandOver:
    """The values of the texts; `events` are those of the attempt's runs, in order."""
    change = of_change(events)
    begun = [event for event in events if event["event"] == "run-started"]
    findings = findings_of(events, str(summary["run_id"]))
    open_points = summary["open_points"]
    return HandOver(
        title=(
            f"Hand-over: {summary['cluster']} was upgraded from {summary['source']} to"
            f" {summary['target']}"
        ),
        headline=str(summary["headline"]),
        facts=tuple((label, text) for label, text in _facts(summary, change) if text),
        nodes=tuple(_nodes(begun[-1], change)),
        runs=tuple(_run(one, events) for one in begun),
        accepted=_cut(_finding(one) for one in findings if one["accepted"]),
        found=_cut(_finding(one) for one in findings if _stands(one)),
        mended=_mended(findings),
        lost=tuple(loss_lines(summary["losses"])),
        left=tuple(
            Left(str(one["what"]), str(one["owner"]), str(one["until"])) for one in open_points
        ),
        proof=tuple(_proof(summary, begun)),
    )


def _facts(summary: Mapping[str, Any], change: Sequence[Event]) -> list[tuple[str, str]]:
    taken = taken_by(change)
    return [
        ("Change", str(summary["change_id"] or "")),
        ("Environment", str(summary["environment"])),
        ("When", f"{taken.ends} ({taken.length}{_at_work(change)})"),
        ("Window", ", ".join(filter(None, [_window(summary, change), window_sentence(change)]))),
        ("By", str(summary["operator"])),
        ("Approved by", _approved(change)),
        ("Services", gaps_in_words(summary["service_gaps"]["totals"])),
        ("In standby", str(summary["standby"])),
        ("Without fencing", str(summary["fencing_off"])),
        ("Downtime", _downtime(change)),
        ("N at the end", _active(change)),
    ]


def _downtime(change: Sequence[Event]) -> str:
    """How that of the cluster's own monitoring ended; empty: there was none."""
    ended = [e for e in change if e["event"] == "ledger-closed" and e["kind"] == "downtime"]
    return f"{ended[-1]['why']} ({at(str(ended[-1]['time']))})" if ended else ""


def _nodes(begun: Event, change: Sequence[Event]) -> Iterator[tuple[str, str]]:
    seen = [e for e in change if e["event"] == "fact" and e["name"] == AFTER]
    versions = seen[-1].get("versions") or {} if seen else {}
    for name, role in begun.get("nodes", {}).items():
        said = str(role).replace("_", "-")
        yield str(name), f"{said}, {versions[name]}" if versions.get(name) else said


def _window(summary: Mapping[str, Any], change: Sequence[Event]) -> str:
    """Each of them, where several nights had one of their own."""
    windows = [f"{stamp(one.begin)} to {stamp(one.end)}" for one, _ in windows_of(change)]
    if len(windows) > 1:
        return " and ".join(map(at, windows))
    return at(str(summary["window"])) if summary["window"] else ""


def _at_work(change: Sequence[Event]) -> str:
    """`; 2 runs, at work for 0:01:40`: between them is time in which nothing was done."""
    runs = runs_of(change)
    if len(runs) == 1:
        return ""
    seconds = sum(run.seconds for run in runs)
    return f"; {len(runs)} runs, at work for {timedelta(seconds=int(seconds))}"


def _approved(change: Sequence[Event]) -> str:
    given = approvals_of(change)
    return ", ".join(dict.fromkeys(f"{one['name']} ({one['by']})" for one in given))


def _active(change: Sequence[Event]) -> str:
    told = [str(event["active"]) for event in change if event["event"] == "position"]
    return told[-1] if told else ""


def _run(begun: Event, events: Sequence[Event]) -> str:
    """`RUN, by A. Rossi (rossi) on controller, begun ...: done`."""
    mine = [e for e in events if e["event"] == "run-ended" and e["run"] == begun["run"]]
    outcome = str(mine[-1]["outcome"]) if mine else "did not come to its end"
    who = operator_of(begun) or "nobody on record"
    where = f" on {begun['host']}" if begun.get("host") else ""
    when = at(str(begun.get("started", begun["time"])))
    return f"{begun['run']}, by {who}{where}, begun {when}: {begun['mode']}, {outcome}"


def _stands(finding: Mapping[str, Any]) -> bool:
    has_weight = finding["severity"] in ("block", "warn")
    return bool(finding["stands"]) and has_weight and not finding["accepted"]


def _finding(finding: Mapping[str, Any]) -> str:
    said = f"[{finding['code']}] {finding['subject']}: {finding['observed']}"
    accepted = finding["accepted"]
    return shortened(said, _SHOWN) + (f"; {_accepted(accepted)}" if accepted else "")


def _accepted(accepted: Mapping[str, Any]) -> str:
    return f"accepted {acceptance_sentence(accepted)}"


def _mended(findings: Sequence[Mapping[str, Any]]) -> str:
    gone = [
        one
        for one in findings
        if not one["stands"] and not one["accepted"] and one["severity"] in ("block", "warn")
    ]
    if not gone:
        return ""
    codes = grouped((str(one["code"]), one) for one in gone)
    return f"{many(len(gone), 'finding')} on the way ({listed(list(codes), 10)})"


def _cut(lines: Any) -> tuple[str, ...]:
    told = tuple(dict.fromkeys(lines))
    rest = len(told) - _MOST
    return told if rest <= 0 else (*told[:_MOST], f"and {rest} more, in evidence.html")


def _proof(summary: Mapping[str, Any], begun: Sequence[Event]) -> list[str]:
    run, host = str(summary["run_id"]), str(begun[-1].get("host") or "the controller")
    return [
        f"reports/{run} on {host}: evidence.html for an auditor, report.html for an engineer,"
        " journal.jsonl as the record",
        f"python -m engine verify reports/{run} says whether it is as the run left it;"
        " VERIFY.txt there says how without this project",
        "the head of its journal, which the run printed last, belongs into the change",
    ]


def _plain(value: Any) -> Any:
    """A text for a terminal or a mail, in one line."""
    return clean_line(" ".join(value.split())) if isinstance(value, str) else value


_MARKS = re.compile(r"([\\`*_{}\[\]#!<>|~&])")
_BEGINS = re.compile(r"^(-|=|\+|\d+(?=\.))")


def _markdown(value: Any) -> Any:
    """The same, with nothing in it that Markdown or HTML would take for more than text."""
    if not isinstance(value, str):
        return value
    return _BEGINS.sub(r"\\\1", _MARKS.sub(r"\\\1", str(_plain(value))))


_FINALIZE: Mapping[str, Callable[[Any], Any]] = {
    "handover.txt": _plain,
    "handover.md": _markdown,
    "handover.html": shown_on_a_page,
}


@cache
def _template(name: str) -> Template:
    """The template of that form: whatever it shows is made harmless for the form."""
    folder, finalize = Path(__file__).parent, _FINALIZE[name]
    forms = environment(folder, finalize, autoescape=name.endswith(".html"))
    return forms.get_template(f"{name}.j2")
