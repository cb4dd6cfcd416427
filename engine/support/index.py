"""`index.txt`, the first file of a support bundle: what it is, what is missing, where it goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.record.archive import Entry
from engine.report.console import clean_lines

NAME = "index.txt"
LEFT_OUT = (
    "backups/ (the table's dump, the list of machines), CSV lists of outputs/, junit.xml, manifest"
    " and signature: they stay in the run's directory"
)
BEFORE_SENDING = (
    "Look through it before you send it, and send it by the way that support names for such files."
    " It holds host names, addresses, package lists, what the cluster runs and what its logs say."
    " What was recognised as a password or key is masked as ********; what looks like none is not."
)


def render_index(
    summary: Mapping[str, Any],
    entries: Sequence[Entry],
    remarks: Mapping[str, str],
    missing: Iterable[str],
    head: str = "",
) -> bytes:
    """The index of a run's bundle, from its summary. `remarks` are on entries, by their path.

    `head` is that of the run's journal; '' while the run still writes it.
    """
    nodes = sorted({entry.path.split("/")[1] for entry in entries if _is_of_node(entry)})
    parts = [
        f"Support bundle of run {summary['run_id']}",
        "",
        *_facts(summary, nodes, head),
        *_section("Where it goes", [summary["support"]["directions"], BEFORE_SENDING]),
        *_section("How the run ended", _ending(summary)),
        *_section("Findings that block", map(_finding, _blocking(summary))),
        *_section("What is missing, and why", missing),
        *_section("What is left out", [LEFT_OUT]),
        *_section("What is in it", (_line(entry, remarks) for entry in entries)),
    ]
    # what a node said stands in here, too
    lines = (line for part in parts for line in clean_lines(part) or [""])
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def _facts(summary: Mapping[str, Any], nodes: Sequence[str], head: str) -> list[str]:
    facts = {
        "made because": summary["support"]["why"],
        "cluster": f"{summary['cluster']} ({summary['environment']})",
        "upgrade": f"{summary['source']} to {summary['target']}",
        "position at the run's begin": summary["position"] or "unknown",
        "attempt": summary["attempt"] or "none",
        "begun, ended (UTC)": f"{summary['started']}, {summary['finished']}",
        "nodes that answered": ", ".join(nodes) or "none",
        **({"head of its journal": head} if head else {}),
    }
    return [f"{name}: {value}" for name, value in facts.items()]


def _section(title: str, lines: Iterable[str]) -> list[str]:
    told = [line for line in lines if line]
    return ["", title, *(f"- {line}" for line in told or ["nothing"])]


def _ending(summary: Mapping[str, Any]) -> list[str]:
    stopped = summary["stopped"] or {"reason": "", "what_to_do": ""}
    return [
        f"{summary['outcome']}, exit code {summary['exit_code']}",
        stopped["reason"],
        stopped["what_to_do"],
    ]


def _blocking(summary: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [found for found in summary["findings"] if found["severity"] == "block"]


def _finding(found: Mapping[str, Any]) -> str:
    accepted = " (accepted)" if found["accepted"] else ""
    seen = f"[{found['code']}] {found['subject']}: {found['observed']}"
    return f"{seen}; expected {found['expected']}{accepted}"


def _is_of_node(entry: Entry) -> bool:
    return entry.path.startswith("nodes/")


def _line(entry: Entry, remarks: Mapping[str, str]) -> str:
    remark = remarks.get(entry.path)
    return f"{entry.path}, {entry.size} bytes{f' ({remark})' if remark else ''}"
