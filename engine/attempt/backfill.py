"""Journal lines of earlier runs that N did not take, given to it by the next run from here.

A disk of N that was full, or a connection that was gone at the end, leaves results on record on
this machine only. With them the next run asks nobody for what is known, and does nothing twice.
"""

from __future__ import annotations

import fcntl
from collections.abc import Sequence

from engine.attempt.records import Attempt, RecordsWriter
from engine.errors import RunbookError
from engine.model.answer import Lost
from engine.record.journal import lines_of
from engine.record.run import Run
from engine.verify import SEALED, Wrong, open_file, read_earlier, read_json


def backfill(run: Run, attempt: Attempt, records: RecordsWriter) -> list[str]:
    """Complete the journals on N of runs that were started here; what N has got, in words.

    What N does not take now either is told in the journal, and the run goes on without it.
    """
    delivered = []
    for name, on_n in attempt.journals.items():
        earlier = name.removesuffix(".jsonl")
        try:
            here = _lines_here(run, name)
        except Wrong as wrong:
            problem = f"of run {earlier} nothing is given to N: here {wrong}"
            run.record("bookkeeping", problem=problem)
            continue
        late = lines_missing(here, on_n.split("\n")[:-1])
        if not late or _is_seal(late[0]):
            continue  # a seal is about the files here; it is written after N was left
        try:
            records.append_journal(attempt.id, earlier, late)
        except (Lost, RunbookError) as error:
            run.record("bookkeeping", problem=f"the end of run {earlier} is not on N: {error}")
            continue
        text = f"N has got the last {len(late)} journal lines of run {earlier}, which it lacked"
        run.record("note", step="", text=text)
        delivered.append(text)
    return delivered


def lines_missing(here: Sequence[str], on_n: Sequence[str]) -> list[str]:
    """Lines that N lacks; torn last ones are in neither list.

    None when N's lines are not the beginning of these: N's then count.
    """
    taken = list(dict.fromkeys(on_n))
    return list(here[len(taken) :]) if list(here[: len(taken)]) == taken else []


def _is_seal(line: str) -> bool:
    return bool(read_json(line).get("event") == SEALED)


def _lines_here(run: Run, name: str) -> list[str]:
    """The journal of that run below the same `reports/`; nothing while its process lives.

    Raises Wrong when it was altered.
    """
    path = run.directory.parent / name.removesuffix(".jsonl") / run.journal.path.name
    if path == run.journal.path or path.parent.parent != run.directory.parent:
        return []
    try:
        with open_file(path) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            raw = file.read()
    except OSError:
        return []  # of another machine, or unreadable here: N's is what there is
    read_earlier(raw, str(path))
    return lines_of(raw)[:-1]
