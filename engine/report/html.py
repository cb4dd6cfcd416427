"""What pytest-html's report shows beyond its table: the guide's rows, findings, how it ended.

Everything a node or an operator wrote is escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import zip_longest
from typing import Any

from engine.model.folding import consequence, folded
from engine.report.gaps import HOW, sentence
from engine.report.next import next_commands

_COLOURS = {
    "fulfilled": "#1a7f37",
    "not needed": "#57606a",
    "not applicable": "#57606a",
    "open": "#9a6700",
    "failed": "#cf222e",
    "block": "#cf222e",
    "warn": "#9a6700",
    "info": "#57606a",
}

STYLE = """
<style>
.runbook { font: 14px/1.45 system-ui, sans-serif; color: #1f2328; max-width: 1200px; }
.runbook h2 { margin: 1.2em 0 .4em; font-size: 18px; }
.runbook table { border-collapse: collapse; width: 100%; }
.runbook th, .runbook td { border: 1px solid #d0d7de; padding: 4px 8px; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
.runbook th { background: #f6f8fa; }
.runbook .verdict { font-size: 20px; font-weight: 600; padding: 10px 14px; color: #fff;
  border-radius: 6px; margin: 8px 0; }
.runbook .state { font-weight: 600; white-space: nowrap; }
.runbook .nowrap { white-space: nowrap; }
.runbook code { white-space: pre-wrap; }
/* pytest-html counts the time of this rendering; the run's own is among its facts */
.run-count { display: none; }
@media print { .runbook { font-size: 11px; } }
</style>
"""


def render_summary(summary: Mapping[str, Any]) -> str:
    """The first screen of the report, from summary.json's data."""
    parts = [
        STYLE,
        '<div class="runbook">',
        _verdict(summary),
        *_left_on_the_cluster(summary),
        _table("Run", ("", ""), _facts(summary)),
        _table(
            "The guide's rows",
            ("row", "duty", "state", "reason", "steps"),
            (_guide_row(row) for row in summary["guide"]),
            widths=(4, 22, 9, 45, 20),
        ),
        _findings(summary["findings"]),
        "</div>",
    ]
    return "\n".join(part for part in parts if part)


def _verdict(summary: Mapping[str, Any]) -> str:
    good = summary["exit_code"] == 0
    colour = "#1a7f37" if good else "#cf222e"
    text, todo = f"{summary['outcome']} (exit code {summary['exit_code']})", ""
    if stopped := summary.get("stopped"):
        text += f": {stopped['reason']}"
        todo = f"<p><b>What to do:</b> {escape(stopped['what_to_do'])}</p>"
    return f'<div class="verdict" style="background:{colour}">{escape(text)}</div>{todo}'


def _left_on_the_cluster(summary: Mapping[str, Any]) -> Iterable[str]:
    """What whoever comes next must know: what may still run, what is changed, what to type."""
    for word, command in next_commands(summary):
        yield f"<p><b>{word.capitalize()}:</b> <code>{escape(command)}</code></p>"
    if made := summary.get("support"):
        said = f"{made['file']} in the run's directory ({made['why']}). {made['directions']}"
        yield f"<p><b>Support bundle:</b> {escape(said)}</p>"
    if why := summary.get("not_known"):
        yield (
            "<p><b>Not known:</b> what still runs on the cluster, and which temporary changes are"
            f" in place: {escape(why)}. Below is what was known last.</p>"
        )
    for text in summary.get("warnings", ()):
        yield f"<p><b>Warning:</b> {escape(text)}</p>"
    if summary.get("under_way"):
        yield _table(
            "Changes whose end is not on record",
            ("change", "node", "since (UTC)", "step", "last seen", "log"),
            (
                tuple(
                    escape(str(change[key] or ""))
                    for key in ("what", "node", "since", "step", "state", "log")
                )
                for change in summary["under_way"]
            ),
        )
    if summary.get("ledger"):
        yield _table(
            "Temporary changes still in place",
            ("kind", "of", "since (UTC)", "before"),
            (
                tuple(escape(text) for text in (e["kind"], e["subject"], _since(e), e["former"]))
                for e in summary["ledger"]
            ),
        )


def _since(entry: Mapping[str, Any]) -> str:
    if entry.get("seen", True):
        return str(entry["since"])
    return f"not seen; a command begun at {entry['since']} may do it"


def _facts(summary: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    labels = {
        "cluster": "Cluster",
        "environment": "Environment",
        "mode": "Mode",
        "source": "From",
        "target": "To",
        "change_id": "Change",
        "window": "Window",
        "operator": "Operator",
        "position": "Position found",
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
    for key, label in labels.items():
        if summary.get(key):
            yield f"<b>{label}</b>", escape(str(summary[key]))
    if said := sentence(summary.get("service_gaps", {}).get("totals", ())):
        yield "<b>Service gaps</b>", escape(f"{said} ({HOW})")


def _guide_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f'<span class="nowrap">{escape(row["id"])}</span>',
        escape(row["duty"]),
        _state(row["state"]),
        escape(row["reason"]),
        escape(_steps(row["steps"])),
    )


def _steps(names: Iterable[str]) -> str:
    """Steps by their bare names; a fan-out says how many of its items recorded something."""
    counts: dict[str, int] = {}
    for name in names:
        bare = name.split("[")[0]
        counts[bare] = counts.get(bare, 0) + 1
    return ", ".join(f"{bare} ({n} items)" if n > 1 else bare for bare, n in counts.items())


def _findings(findings: Iterable[Mapping[str, Any]]) -> str:
    listed = list(findings)
    if not listed:
        return "<h2>Findings</h2><p>None.</p>"
    return _table(
        "Findings",
        ("code", "weight", "subject", "observed", "expected", "what to do", "accepted"),
        (
            (
                escape(f["code"]),
                _state(f["severity"]),
                escape(f["subject"]),
                escape("; ".join(filter(None, (f["observed"], consequence(below))))),
                escape(f["expected"]),
                escape(f["remedy"]),
                escape(_accepted(f["accepted"])) if f["accepted"] else "",
            )
            for f, below in folded(listed)
        ),
        widths=(12, 7, 14, 27, 15, 19, 6),
    )


def _accepted(accepted: Mapping[str, Any]) -> str:
    day, run, until = (accepted.get(key) for key in ("given", "run", "until"))
    words = [f"by {accepted['by']}: {accepted['reason']}"]
    words += [f"given on {day[:10]} in run {run}"] if day and run else []
    words += [f"until {until}"] if until else []
    return "; ".join(words)


def _state(state: str) -> str:
    return f'<span class="state" style="color:{_COLOURS.get(state, "#000")}">{escape(state)}</span>'


def _table(
    title: str, head: Iterable[str], rows: Iterable[Iterable[str]], widths: Sequence[int] = ()
) -> str:
    """A table of cells that are HTML already; `widths` in percent."""
    sizes = [f' style="width:{width}%"' for width in widths]
    heading = "".join(
        f"<th{size}>{cell}</th>" for cell, size in zip_longest(head, sizes, fillvalue="")
    )
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{escape(title)}</h2>\n<table><tr>{heading}</tr>\n{body}\n</table>"


def step_details(events: Iterable[Mapping[str, Any]]) -> str:
    """Everything recorded for one step: observations, changes, notes; for its row's details."""
    lines = [line for event in events if (line := _line(event))]
    return f'<div class="runbook"><table>{"".join(lines)}</table></div>' if lines else ""


def _line(event: Mapping[str, Any]) -> str:
    kind = event["event"]
    if kind == "observation":
        head = f"asked {event['node']}: {event['question']}"
        return _detail(event, head, _command(event), _said(event))
    if kind == "intent":
        return _detail(event, f"change on {event['node']}: {event['what']}", _command(event), "")
    if kind == "result":
        code = event.get("code")
        head = f"result: {event['outcome']}" + (f", exit code {code}" if code is not None else "")
        return _detail(event, head, event.get("reason", ""), _said(event))
    if kind == "finding":
        return _detail(
            event,
            f"finding {event['code']} ({event['severity']}) {event['subject']}",
            f"{event['observed']}; expected {event['expected']}. {event['remedy']}",
            "",
        )
    if kind == "attachment":
        return _detail(event, event["name"], "", _said(event))
    if kind == "note":
        return _detail(event, "note", event["text"], "")
    return ""


def _command(event: Mapping[str, Any]) -> str:
    """The command; of a long one head, tail, and where the whole of it is."""
    text, whole = str(event.get("command", "")), event.get("whole") or {}
    if whole.get("not_kept"):
        text += f"\n({whole['not_kept']})"
    elif whole.get("file"):
        text += f"\n(whole: {whole['file']}, {whole['size']} bytes, sha256 {whole['sha256']})"
    return text


def _said(event: Mapping[str, Any]) -> str:
    output = event.get("output") or {}
    text = str(output.get("text", ""))
    if output.get("file"):
        rows = f"{output['rows']} rows, " if "rows" in output else ""
        size = f"{output['size']} bytes, " if "size" in output else ""
        text += f"\n(whole text: {output['file']}, {rows}{size}sha256 {output['sha256']})"
    elif output.get("not_kept"):
        text += f"\n({output['not_kept']})"
    problem = f"{event['problem']}\n" if event.get("problem") else ""
    return problem + text


def _detail(event: Mapping[str, Any], head: str, command: str, text: str) -> str:
    return (
        f'<tr><td class="nowrap">{escape(str(event["time"]))}</td>'
        f"<td><b>{escape(head)}</b><br><code>{escape(command)}</code>"
        f"<pre>{escape(text)}</pre></td></tr>"
    )
