"""`earlier/`: the journals of the attempt's runs before this one, so that a report covers them.

What they cite lies in `outputs/RUN/`. In a report each citation says where it is here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.atomic import write_atomically
from engine.model.event import Event
from engine.record.journal import in_order
from engine.record.lines import JournalFile
from engine.verify import Wrong, cited_by, not_fetched, place_of, read_file

PLACE = "earlier"
_NAMED = re.compile(r"outputs/(\d{4,}-[A-Za-z0-9.-]*[A-Za-z0-9])")
_CITING = ("output", "whole")
NOT_FETCHED = "not_fetched"
"""In the place of `file`: why an output is not here."""


def keep(directory: Path, journals: Mapping[str, str]) -> None:
    """Write these beside the run's own journal (0600), each whole; raises OSError.

    `journals`: file name on N -> text.
    """
    for name, text in journals.items():
        write_atomically(_place(directory, name), text.encode("utf-8", "surrogateescape"))


def drop_others(directory: Path, journals: Iterable[str]) -> None:
    """Remove those of other names: what the run has said to have read is there until it says else.

    Raises OSError.
    """
    kept = {_place(directory, name) for name in journals}
    for path in (directory / PLACE).glob("*.jsonl"):
        if path not in kept:
            path.unlink()


def _place(directory: Path, name: str) -> Path:
    return directory / PLACE / name.replace("/", "-")


def read(directory: Path) -> dict[str, JournalFile]:
    """File name -> its journal, oldest run first; ValueError names a bad line."""
    found = {
        path.name: JournalFile(path, ends=False) for path in (directory / PLACE).glob("*.jsonl")
    }
    return {name: found[name] for name in in_order({n: one.told for n, one in found.items()})}


def texts(directory: Path) -> dict[str, str]:
    """File name -> its text, as N handed it over."""
    found = sorted((directory / PLACE).glob("*.jsonl"))
    return {path.name: read_file(path).decode("utf-8", "replace") for path in found}


def placed(events: Sequence[Event], own: Sequence[Event]) -> list[Event]:
    """Events of earlier runs with every citation as this run's directory has it.

    `own` are the events of the run that fetched them. What it could not fetch says why.
    """
    return list(map(placing(events, own), events))


def placing(told: Iterable[Event], own: Sequence[Event]) -> Callable[[Event], Event]:
    """Makes that of each event of the runs of which these are told."""
    run = str(own[0]["run"]) if own else ""
    lacking = not_fetched([dict(event) for event in own])
    cited = _cited(told)
    return lambda event: _placed(event, run, cited, lacking)


def _cited(events: Iterable[Event]) -> dict[str, set[str]]:
    """Run -> names of the files that its events cite."""
    found: dict[str, set[str]] = {}
    for event in events:
        try:
            names = {one.name for one in cited_by(dict(event))}
        except Wrong:
            continue
        if names:
            found.setdefault(str(event["run"]), set()).update(names)
    return found


def _placed(
    event: Event, own: str, cited: Mapping[str, set[str]], lacking: Mapping[str, Mapping[str, str]]
) -> Event:
    run = str(event["run"])
    known = cited.get(run, set())
    if run == own or not known:
        return event
    missing = lacking.get(run, dict.fromkeys(known, "the runbook of that time fetched none"))

    def place(match: re.Match[str]) -> str:
        name = match[1]
        if name not in known:
            return match[0]
        where = place_of(name, run, own)
        return f"{where} (not fetched: {missing[name]})" if name in missing else where

    changed: dict[str, Any] = {
        key: _NAMED.sub(place, value)
        for key, value in event.items()
        if isinstance(value, str) and "outputs/" in value
    }
    for key in _CITING:
        output = event.get(key)
        if isinstance(output, Mapping) and "file" in output:
            changed[key] = _placed_output(output, run, own, missing)
    return {**event, **changed} if changed else event


def _placed_output(
    output: Mapping[str, Any], run: str, own: str, missing: Mapping[str, str]
) -> dict[str, Any]:
    name = str(output["file"]).rpartition("/")[2]
    told = {**output, "file": place_of(name, run, own)}
    return told | {NOT_FETCHED: missing[name]} if name in missing else told
