"""What pytest-html's report shows beyond its table: the guide's rows, findings, how it ended.

The tags are in the templates, which escape whatever a node or an operator wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Template
from markupsafe import Markup

from engine.judge.text import counted, cut_at_word, many
from engine.judge.ways import command_lines, commands_of, consequence, folded
from engine.model.finding import Way, acceptance_sentence
from engine.model.groups import grouped
from engine.model.steps import base_of
from engine.record.gaps import how_asked, sentence
from engine.report.anchors import step_anchor, step_id
from engine.report.compiled import environment
from engine.report.last_lines import next_commands, way_of
from engine.report.losses import loss_lines
from engine.report.table import breakable

_VERDICTS = {
    "done": "good",
    **dict.fromkeys(("blocked", "stopped", "interrupted", "locked"), "warn"),
    **dict.fromkeys(("failed", "unknown", "usage"), "bad"),
}


def verdict_of(outcome: str) -> str:
    """What an outcome is to whoever reads of it, as a class of the style sheet."""
    return _VERDICTS.get(outcome, "calm")


@dataclass(frozen=True)
class Told:
    """Findings of which only subject and observation differ."""

    finding: Mapping[str, Any]
    """The first of them."""
    seen: tuple[tuple[str, str], ...]
    """Subject of each, and what was observed."""
    commands: str

    @property
    def stops(self) -> bool:
        return self.finding["severity"] == "block" and not self.finding["accepted"]


def render_summary(summary: Mapping[str, Any], made_anew: str = "") -> str:
    """The first screen of the report, from summary.json's data.

    `made_anew`: a sentence, when it is not the run itself that writes it.
    """
    return template("summary.html.j2").render(
        summary=summary,
        made_anew=made_anew,
        verdict=verdict_of(str(summary["outcome"])),
        next_commands=next_commands(summary),
        losses=loss_lines(summary.get("losses", ())),
        facts=_facts(summary),
        proof_of=partial(_proof, run=str(summary["run_id"])),
        findings=told_once(summary["findings"]),
        to_run=to_run(summary),
        accepted_as=acceptance_sentence,
        guide_counted=counted(row["state"] for row in summary["guide"]),
        is_guide_open=any(row["state"] == "failed" for row in summary["guide"]),
    )


def render_table_head(styles: Iterable[str], rows: Iterable[Markup]) -> str:
    """What stands above the table of steps; `styles` are of the operator, after all others.

    `rows` are those of the table, for a reader without script.
    """
    return template("table.html.j2").render(styles=styles, rows=rows)


def told_once(findings: Iterable[Mapping[str, Any]]) -> list[Told]:
    """What stops the run first; the same of several nodes once, with what follows from it."""
    same = ("code", "severity", "expected", "remedy", "accepted")
    pairs = folded(findings)
    kinds = grouped((repr([one[name] for name in same]), (one, below)) for one, below in pairs)
    told = [
        Told(
            those[0][0],
            tuple((str(one["subject"]), _observed(one, below)) for one, below in those),
            commands_in_lines(each for one, below in those for each in (one, *below)),
        )
        for those in kinds.values()
    ]
    return sorted(told, key=lambda one: not one.stops)


def _observed(finding: Mapping[str, Any], below: Iterable[Mapping[str, Any]]) -> str:
    return "; ".join(filter(None, (str(finding["observed"]), consequence(below))))


def commands_in_lines(findings: Iterable[Mapping[str, Any]]) -> str:
    """What the remedies do, as it is copied from a page; '' when it is not given as commands."""
    return "\n".join(command_lines(commands_of(findings)))


def to_run(summary: Mapping[str, Any]) -> str:
    """The commands of all that stopped the run; none beside a call for support."""
    if way_of(summary) == Way.SUPPORT:
        return ""
    stops = (one for one in summary["findings"] if one["severity"] == "block")
    return commands_in_lines(one for one in stops if not one["accepted"])


_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z")


def _facts(summary: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    labels = {
        "cluster": "Cluster",
        "environment": "Environment",
        "mode": "Mode",
        "source": "From",
        "target": "To",
        "change_id": "Change",
        "window": "Window (UTC)",
        "operator": "Operator",
        "position": "Position at the begin",
        "position_at_end": "Position at the end",
        "attempt": "Attempt",
        "run_id": "Run",
        "started": "Started (UTC)",
        "finished": "Finished (UTC)",
        "announced": "Announced time",
        "taken": "Time taken (all runs)",
        "taken_by_run": "Time taken by this run",
        "standby": "In standby",
        "fencing_off": "Without fencing",
    }
    is_first = summary.get("attempt") == summary.get("run_id")
    for key, label in labels.items():
        if key == "taken_by_run" and is_first:
            continue  # the attempt's time, but for the writing of the reports
        if summary.get(key):
            yield label, _STAMP.sub(r"\1 \2", str(summary[key]))
    totals = summary.get("service_gaps", {}).get("totals", ())
    if said := sentence(totals):
        yield "Service gaps", f"{said} ({how_asked(totals)})"


def _proof(row: Mapping[str, Any], run: str) -> Markup:
    """Steps by their bare names, linked to the first item of each; how many recorded something.

    The page has the steps of one `run`: what an earlier one recorded is on the auditor's.
    """
    items = grouped(
        ((base_of(name), of), name) for name, of in zip(row["steps"], row["runs"], strict=True)
    )
    return Markup(", ").join(
        _proved(bare, those, "" if of == run else of) for (bare, of), those in items.items()
    )


def _proved(bare: str, items: Sequence[str], earlier: str) -> Markup:
    """`earlier`: the run that recorded it, when it is another one than the page's."""
    first, number = items[0], len(items)
    place = f"evidence.html#{step_anchor(earlier, first)}" if earlier else f"#{step_id(first)}"
    more = [f"{number} items"] * (number > 1) + ["by an earlier run"] * bool(earlier)
    link = Markup('<a href="{}">{}</a>{}')
    return link.format(place, bare, f" ({', '.join(more)})" if more else "")


@cache
def template(path: str) -> Template:
    """The template of that path below this folder; a field that it lacks is an error."""
    pages = environment(Path(__file__).parent, shown_on_a_page, autoescape=True)
    pages.filters |= {"content": _content, "cut": cut_at_word, "breakable": breakable}
    pages.filters["many"] = many
    return pages.get_template(path)


_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""All but tab and ends of lines."""


def shown_on_a_page(value: Any) -> Any:
    """A text of a page without raw control characters: a terminal that shows it obeys them.

    For texts of templates of our own it is called by these; for others whoever hands them over.
    """
    if not isinstance(value, str) or _CONTROLS.search(value) is None:
        return value
    return type(value)(_CONTROLS.sub(_picture, value))


def _picture(found: re.Match[str]) -> str:
    """The sign that stands for it: a small ESC for escape."""
    code = ord(found[0])
    if code == 0x7F:
        return "\u2421"
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def _content(text: object) -> Markup:
    """Text between two tags: quotes stay, of which an answer may have thousands."""
    return Markup(str(text).replace("&", "&amp;").replace("<", "&lt;"))
