"""Recorded answers, read back as those who ask expect them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, cast

from engine.model.answer import Answer, DatedAnswer
from engine.model.event import Event
from engine.queries.rows import read_rows
from engine.record.outputs import SECRET, apart
from engine.secrets import MASK


class NotRecorded(Exception):
    """The record does not have what a step asks for. Never handled by steps: it ends their body."""


class Diverged(NotRecorded):
    """With the same answers a step asks or changes something that it did not in the run.

    That is a difference, whatever it would have found.
    """


class _Withheld:
    """A secret answer: its exit code is on record, and nothing else."""

    truncated = False

    def __init__(self, question: str, code: int) -> None:
        self.code = code
        self._question = question

    def __getattr__(self, name: str) -> NoReturn:
        raise NotRecorded(f"secret answers: {self._question}")


def answer_of(event: Event, directory: Path) -> Answer:
    """The answer of an `observation` or a `result` that has an exit code."""
    question = str(event.get("question") or event.get("key"))
    if event["output"]["text"] == SECRET:
        return cast("Answer", _Withheld(question, event["code"]))
    text, errors = apart(text_of(event["output"], directory, question))
    return DatedAnswer(
        event["code"],
        text.encode(),
        errors.encode(),
        event.get("seconds") or 0.0,
        received=datetime.fromisoformat(event.get("answered") or event["time"]).timestamp(),
    )


def text_of(output: Mapping[str, Any], directory: Path, question: str) -> str:
    """The whole text of what the journal describes. NotRecorded: not there, or altered."""
    if "not_kept" in output:
        raise NotRecorded(f"not kept as a whole: {question}")
    if "file" not in output:
        return str(output["text"])
    path = directory / str(output["file"])
    try:
        if not path.resolve().is_relative_to(directory.resolve()):
            raise NotRecorded(f"{output['file']} is not in the run's directory")
        raw = path.read_bytes()
    except OSError as error:
        raise NotRecorded(f"{output['file']} can't be read ({error.strerror})") from error
    if hashlib.sha256(raw).hexdigest() != output["sha256"]:
        raise NotRecorded(f"{output['file']} is not what the journal says: {question}")
    return raw.decode()


def rows_of(event: Event, directory: Path) -> list[Mapping[str, Any]]:
    """The rows of a recorded answer of the database, with the types they had."""
    question = str(event["question"])
    if event["rows"] == 0:
        return []
    if event["output"]["text"] == SECRET:
        raise NotRecorded(f"secret answers: {question}")
    text = text_of(event["output"], directory, question)
    try:
        found = read_rows(text)
    except (ValueError, ArithmeticError, TypeError) as error:
        why = "masked in part" if MASK in text else "written in a way that can't be read back"
        raise NotRecorded(f"rows {why}: {question}") from error
    if len(found) != event["rows"]:
        raise NotRecorded(f"{len(found)} of {event['rows']} rows: {question}")
    return found
