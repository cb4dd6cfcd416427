"""The last lines of a run on the console, from its summary: read at 3 a.m., bottom first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.judge.text import counted, quoted
from engine.judge.ways import command_lines, commands_of, consequence, folded
from engine.model.ending import Ending
from engine.model.finding import Way, acceptance_sentence
from engine.model.outcomes import NOT_DONE
from engine.record.gaps import sentence
from engine.record.memory import LedgerEntry
from engine.report.losses import loss_lines
from engine.report.predicted import line_of
from engine.report.under_way import lines_of, not_known, open_entries
from engine.verify import HANDOVER


def last_lines(summary: Mapping[str, Any], directory: Path, plan: Iterable[str] = ()) -> list[str]:
    """The headline; rows, steps, findings; why, what to do, what is left there, how it ended.

    `plan` are the lines of a plan: they tell all of that in their own way, its sum first.
    """
    told = list(plan)
    if told:
        steps = [*told, *(f"  WARNING: {text}" for text in summary["warnings"])]
    else:
        steps = [
            *_guide(summary["guide"], summary["steps"]),
            *_left_out(summary["steps"], summary["outcome"]),
        ]
    return [
        *(() if told else _headline(summary)),
        "",
        *steps,
        *(() if told else _of_run(summary)),
        *loss_lines(summary["losses"]),
        *([] if told else line_of(summary.get("predicted"))),
        *_on_the_cluster(summary),
        *_support(summary, directory),
        *_hand_over(directory),
        *(f"{word}: {command}" for word, command in next_commands(summary)),
        *(f"read on: {page}" for page in page_of(summary["exit_code"])),
        f"outcome: {summary['outcome']}, exit code {summary['exit_code']}",
    ]


def _headline(summary: Mapping[str, Any]) -> list[str]:
    """An older summary has none."""
    return ["", summary["headline"]] if summary.get("headline") else []


def report_line(directory: Path) -> str:
    """The very last one, when the report is there."""
    return f"report: {directory / 'report.html'}"


def page_of(code: int) -> tuple[str, ...]:
    """Where the project's pages say what to do after this exit code; nothing when all is well."""
    return (f"docs/when-it-stops.md#code-{code}",) if code else ()


def _of_run(summary: Mapping[str, Any]) -> list[str]:
    return [
        *_findings(summary["findings"], way_of(summary)),
        *_gaps(summary["service_gaps"]["totals"]),
        *(f"  WARNING: {text}" for text in summary["warnings"]),
        *_why(summary),
    ]


def _guide(rows: Iterable[Mapping[str, Any]], steps: Iterable[Mapping[str, Any]]) -> list[str]:
    """Counted; named are those that failed, and when all steps were done those that stay open."""
    rows = list(rows)
    whole = not any(step["outcome"] in NOT_DONE for step in steps)
    named = ("failed", "open") if whole else ("failed",)
    if not rows:
        return []
    return [
        f"guide: {counted(row['state'] for row in rows)}",
        *(
            f"  {row['id']} {row['state']}: {row['reason']}"
            for row in rows
            if row["state"] in named
        ),
    ]


def _left_out(steps: Iterable[Mapping[str, Any]], outcome: str) -> list[str]:
    steps = list(steps)
    word = "to come" if outcome == Ending.AS_ASKED else "not reached"
    lines = [
        f"cut short: {step['name']} ({step['reason']})"
        for step in steps
        if step["outcome"] == "interrupted"
    ]
    if left_out := sum(step["outcome"] == "not reached" for step in steps):
        lines.append(f"{word}: {left_out} of {len(steps)} steps")
    return lines


def _findings(findings: Iterable[Mapping[str, Any]], way: str) -> list[str]:
    """Those that block; when support is to be called, without other remedies beside that."""
    lines = []
    for finding, below in folded([one for one in findings if one["severity"] == "block"]):
        seen = f"[{finding['code']}] {finding['subject']}: {finding['observed']};"
        if finding["accepted"]:
            lines.append(f"  accepted {seen} {acceptance_sentence(finding['accepted'])}")
        else:
            remedy = "" if way == Way.SUPPORT else f" {finding['remedy']}"
            lines.append(f"  BLOCKS {seen} expected {finding['expected']}.{remedy}")
        if below:
            lines.append(f"    {consequence(below)}")
        if not finding["accepted"] and way != Way.SUPPORT:
            lines += [f"    {line}" for line in command_lines(commands_of((finding, *below)))]
    return lines


def _gaps(totals: Iterable[Mapping[str, Any]]) -> list[str]:
    said = sentence(totals)
    return [f"service gaps: {said}"] if said else []


def _why(summary: Mapping[str, Any]) -> list[str]:
    stopped = summary["stopped"]
    if stopped is None:
        return []
    return [f"{summary['outcome']}: {stopped['reason']}", f"what to do: {stopped['what_to_do']}"]


def _support(summary: Mapping[str, Any], directory: Path) -> list[str]:
    made = summary["support"]
    if made is None:
        return []
    missing = f" (missing in it: {len(made['missing'])})" if made["missing"] else ""
    return [
        f"support bundle: {directory / made['file']}{missing}",
        f"  {made['directions']}".rstrip(),
        "  Look through it before you send it; its index.txt says what is in it.",
    ]


def _hand_over(directory: Path) -> list[str]:
    """Of an upgrade that is done, once the files are there."""
    text, *others = HANDOVER
    if not (directory / text).is_file():
        return []
    return [f"hand-over: {directory / text} (and {', '.join(others)})"]


def _on_the_cluster(summary: Mapping[str, Any]) -> list[str]:
    """What still runs there and is still changed; says that nothing is, where one would ask."""
    entries = [LedgerEntry(**entry) for entry in summary["ledger"]]
    if summary["not_known"]:
        return not_known(summary["not_known"], entries, summary["under_way"])
    lines = lines_of(summary["under_way"])
    restore = summary["commands"].get("restore", "pytest runbook --restore")
    lines += open_entries(entries, restore, summary.get("restore_refused", ""))
    # without the records nothing is known of it
    if summary["outcome"] not in ("done", "planned") and summary["records"] == "known":
        if not summary["under_way"]:
            lines.append("still running on the cluster: nothing that this runbook started")
        left = [f"{e['kind']} of {e['subject']}: {e['why']}" for e in summary.get("left_alone", ())]
        if left:
            lines.append(f"STILL IN PLACE, and ends by itself: {'; '.join(left)}")
        elif not entries:
            lines.append("still in place: no temporary change of this runbook")
    return lines


_NOT_AGAIN = ("done", "usage")
"""Outcomes after which the same command is not what comes next."""


def way_of(summary: Mapping[str, Any]) -> str:
    """Where the remedy of the run's stop leads."""
    return str((summary["stopped"] or {}).get("way", Way.AGAIN))


def next_commands(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """When to type it, and the command; nothing when the same one is not what comes next."""
    planned = summary["outcome"] == "planned"
    command = summary["commands"].get("execute" if planned else "again")
    if way_of(summary) == Way.UPGRADE:
        command = summary["commands"].get("upgrade", command)
    if not command or summary["outcome"] in _NOT_AGAIN:
        return
    word = "the run itself" if planned else "next, then"
    if summary["outcome"] == Ending.AS_ASKED:
        word = "the next night"
    if way_of(summary) == Way.SUPPORT:
        word = "when support says so"
    yield word, f"{command}{_accepting(summary)}"


def _accepting(summary: Mapping[str, Any]) -> str:
    """The options without which the same command would find the same again."""
    stopped = summary["stopped"] or {}
    given = [f"--accept {quoted(f'{target}=REASON')}" for target in stopped.get("accept", ())]
    if step := stopped.get("settle"):
        given.append(f"--settle {quoted(f'{step}=done|repeat')} --reason TEXT")
    return f" {' '.join(given)} --by NAME" if given else ""
