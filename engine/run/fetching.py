"""A file of a node brought into the run's directory, and on record like those made on nodes."""

from __future__ import annotations

from pathlib import Path

from engine.errors import RunbookError
from engine.record.run import Run
from engine.record.state_here import FILE_FETCHED, state_here
from engine.transport.base import Transport


def fetch(
    run: Run, transport: Transport, node: str, argv: tuple[str, ...], name: str, deadline: float
) -> Path:
    """`backups/NAME` (0600), with what the command prints; raises Lost, RunbookError."""
    target = run.directory / "backups" / name
    try:
        answer = transport.fetch(node, argv, target, deadline=deadline)
        seen = state_here(target).as_data() if answer.code == 0 else {}
    except OSError as error:
        why = error.strerror or error
        raise RunbookError(f"{target} on this machine can't be written: {why}") from error
    if answer.code != 0:
        said = run.redactor.clean_output(answer.errors.strip())[-200:]
        raise RunbookError(f"{node}: {name} can't be fetched (exit code {answer.code}: {said})")
    run.record(FILE_FETCHED, step=run.step, node=node, file=f"backups/{name}", **seen)
    return target
