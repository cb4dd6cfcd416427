"""The support bundle of a run: wanted once, asked for at the run's end, written before the seal.

Whoever calls support, as the guide asks, has in hand what they need. It never stops a run, changes
its exit code, or changes anything on a node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from engine.ask.look import Look
from engine.model.event import Event
from engine.record.archive import Entry, name_of, write_archive
from engine.record.rows import RowState
from engine.record.run import Run
from engine.report.evidence_files import Evidence
from engine.report.summary import summary_of
from engine.support import index
from engine.support.asking import TOTAL, Collected, ask_nodes
from engine.support.questions import long_commands

EVENT = "support-bundle"
WITHOUT_ATTEMPT = timedelta(hours=24)
"""How far the journals go back when no attempt says since when."""
NOBODY_ASKED = (
    "the nodes: nobody was asked, the bundle was made afterwards. `pytest runbook --inventory FILE"
    " --plan --support-bundle` asks them and changes nothing"
)


def collect(
    run: Run, look: Look | None, say: Callable[[str], None], earlier: Sequence[Event]
) -> Collected | None:
    """Ask the nodes when the run wants a bundle, and record that it has one. None: it wants none.

    At most about 100 seconds. `look` is None when the run ended before its first look, `earlier`
    are the events of the attempt's runs before.
    """
    wanted = run.support
    if wanted is None:
        return None
    collected = _ask(run, look, say, earlier)
    name = name_of(run.run_id)
    run.record(
        EVENT,
        step=wanted.step,
        file=name,
        why=wanted.why,
        nodes=sorted({e.path.split("/")[1] for e in collected.excerpts}),
        missing=collected.missing,
    )
    if wanted.row:
        text = f"the support bundle {name} in the run's directory has what they need"
        run.tell_rows((wanted.row,), RowState.FULFILLED, text, step=wanted.step, settles=True)
    return collected


def _ask(
    run: Run, look: Look | None, say: Callable[[str], None], earlier: Sequence[Event]
) -> Collected:
    if look is None:
        return Collected(missing=["the nodes: the run ended before its first look at them"])
    if run.interrupts.count:
        return Collected(missing=["the nodes: not asked, the run was interrupted by a person"])
    say(f"the support bundle: all nodes are asked, {TOTAL:.0f} seconds at most; nothing is changed")
    started = run.memory.started
    since = datetime.fromisoformat(started) if started else run.started - WITHOUT_ATTEMPT
    commands = long_commands([*earlier, *run.journal.events], run.attempt)
    return ask_nodes(
        look,
        since.timestamp(),
        commands,
        run.redactor.clean_output,
        is_over=lambda: bool(run.interrupts.count),
    )


def write(run: Run, collected: Collected, earlier: Sequence[Event]) -> None:
    """Write it into the run's directory, with the files that are there by now; raises OSError."""
    own = run.journal.told_events()
    path = run.directory / name_of(run.run_id)
    _write(path, run.directory, summary_of(own, earlier), collected, own)


def write_afterwards(evidence: Evidence, path: Path) -> None:
    """Make one of what a run has recorded, without the nodes, as the file `path`.

    The run's directory stays as it is. Raises OSError.
    """
    summary = summary_of(evidence.own, evidence.earlier)
    collected = Collected(missing=[NOBODY_ASKED, *evidence.found()])
    _write(path, evidence.directory, summary, collected, evidence.own, evidence.head)


def _write(
    path: Path,
    directory: Path,
    summary: Mapping[str, Any],
    collected: Collected,
    own: Sequence[Event],
    head: str = "",
) -> None:
    """`head`: of the journal, when the run had come to its end."""
    files = recorded(directory)
    answers = [Entry(one.path, one.content) for one in collected.excerpts]
    entries = sorted([*files.entries, *answers], key=lambda entry: entry.path)
    told = summary["support"] or {"why": "somebody asked for it, after the run"}
    first = index.render_index(
        {**summary, "support": {"directions": own[0].get("support", ""), **told}},
        entries,
        {one.path: one.remark for one in collected.excerpts},
        [*collected.missing, *files.missing],
        head,
    )
    moment = datetime.fromisoformat(own[-1]["time"])
    top = name_of(str(summary["run_id"])).removesuffix(".tar.gz")
    write_archive(path, top, [Entry(index.NAME, first), *entries], moment)


FILES = ("journal.jsonl", "summary.json", "plan.json", "evidence.html", "report.html")
MIB = 1 << 20
OUTPUTS = 64 * MIB
"""Bytes of long outputs that are taken, the newest first."""


@dataclass
class Recorded:
    """The entries, and what is not there and why."""

    entries: list[Entry] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def recorded(directory: Path) -> Recorded:
    """The files of a run's directory, below `run/`. Raises OSError when it can't be listed."""
    found = Recorded()
    for name in FILES:
        if _is_file(directory / name):
            found.entries.append(_entry(directory, directory / name))
        elif name != "plan.json":  # only a plan leaves one
            found.missing.append(f"{name}: the run has not written it")
    found.entries += [_entry(directory, path) for path in _files(directory / "earlier", "*.jsonl")]
    left = OUTPUTS
    # their names begin with a number that counts up; those of earlier runs come after this one's
    place = directory / "outputs"
    for path in (*reversed(_files(place, "*.txt")), *reversed(_files(place, "*/*.txt"))):
        size = path.stat().st_size
        if size > left:
            name = path.relative_to(directory).as_posix()
            found.missing.append(f"{name}: {size} bytes, {OUTPUTS >> 20} MiB are full")
            continue
        left -= size
        found.entries.append(_entry(directory, path))
    return found


def _files(directory: Path, pattern: str) -> list[Path]:
    return sorted(path for path in directory.glob(pattern) if _is_file(path))


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _entry(directory: Path, path: Path) -> Entry:
    return Entry(f"run/{path.relative_to(directory).as_posix()}", path)
