"""`rehearsal.json`: what a green rehearsal says of itself, written, signed, read back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.atomic import write_atomically
from engine.errors import ParseError, UsageError
from engine.model.approval import SeenStatement, Statement
from engine.model.ending import Mode
from engine.model.event import stamp
from engine.model.facts import MACHINE_IDS, REHEARSED, STATEMENT
from engine.model.inventory import Environment, Inventory
from engine.model.prediction import as_data
from engine.model.query import LocalQuery
from engine.parse.signed import LARGEST_SIGNED, STATEMENT_SCHEMA, Signed, parse_statement
from engine.prove.own_keys import keys_of_the_operator
from engine.prove.signature import (
    REHEARSAL,
    CantSign,
    CantVerify,
    Signer,
    is_signed_with,
    signed_by,
)
from engine.record.memory import Memory
from engine.record.run import Run
from engine.verify import canonical, read_file, read_json

NAME = "rehearsal.json"
OWN = "the operator"
"""Whose key signed it, when he has that himself."""


def is_due(run: Run) -> bool:
    """This run brought an upgrade to its end, on a cluster that is not the production's."""
    if run.inventory.settings.environment is Environment.PRODUCTION:
        return False
    closed = any(event["event"] == "attempt-closed" for event in run.journal.events)
    return run.mode is Mode.EXECUTE and run.stop is None and closed


def write_statement(run: Run, signer: Signer | None) -> None:
    """Into the run's directory; raises OSError. Without a key it is not signed."""
    settings = run.inventory.settings
    content: dict[str, Any] = {
        "schema": STATEMENT_SCHEMA,
        "run": run.run_id,
        "cluster": settings.cluster,
        "environment": settings.environment.value,
        "scenario": scenario_in_words(run.memory.facts.get(REHEARSED, {})),
        "runbook": run.runbook,
        "source": str(run.release.source),
        "target": str(run.release.target),
        "nodes": counted(run.inventory),
        "finished": stamp(run.now()),
        "key": signer.fingerprint if signer else "",
        **_on_the_way(run.memory),
        "predicted": as_data(run.course.prediction),
    }
    signature = ""
    if signer is not None:
        try:
            signature = signer.sign(canonical(content), REHEARSAL).decode()
        except CantSign:
            content["key"] = ""
    write_atomically(run.directory / NAME, canonical({**content, "signature": signature}))


def _on_the_way(memory: Memory) -> dict[str, Any]:
    """What was accepted, which runbooks its runs were, on which machines it was made, and what
    those ran."""
    begun = (str(event.get("runbook") or "") for event in memory.runs.values())
    told: Mapping[str, Mapping[str, str]] = memory.facts.get(MACHINE_IDS, {})
    return {
        "accepted": [
            {"code": one.code, "subject": one.subject or "", "by": one.by, "reason": one.reason}
            for one in memory.risks.values()
        ],
        "runbooks": list(dict.fromkeys(begun)),
        "machines": _filled(told.get("ids", {})),
        "base": str(memory.facts.get(REHEARSED, {}).get("base", "")),
        "releases": _filled(told.get("releases", {})),
    }


def _filled(of: Mapping[str, str]) -> dict[str, str]:
    return {node: text for node, text in of.items() if text}


def scenario_in_words(fact: Mapping[str, Any]) -> str:
    """Its name, what it is, and what a twin is without; '' where the cluster told none."""
    told = ": ".join(filter(None, (str(fact.get(name, "")) for name in ("scenario", "about"))))
    missing = fact.get("missing")
    return f"{told}. Not as in that cluster: {missing}" if missing else told


def counted(inventory: Inventory) -> dict[str, int]:
    """Role -> how many nodes."""
    return dict(sorted(Counter(host.role.value for host in inventory.hosts).items()))


def statement_here(run: Run) -> LocalQuery[SeenStatement]:
    """The same as a question to this machine, for the evidence."""
    settings = run.inventory.settings
    path = settings.rehearsal
    return LocalQuery(
        name=STATEMENT,
        where=str(path) if path else "runbook_rehearsal is not given",
        ask=lambda: read_statement(path, settings.approvers, lambda: keys_of_the_operator(run)),
        write=_written,
        parse=_read_back,
    )


def _written(seen: SeenStatement) -> str:
    """Without what it predicts, which has an event of its own (`predicted`)."""
    content = asdict(seen)
    if content["statement"] is not None:
        del content["statement"]["predicted"]
    return json.dumps(content, default=str)


def _read_back(text: str) -> SeenStatement:
    content = read_json(text)
    found = content["statement"]
    if found is None:
        return SeenStatement(problem=content["problem"])
    finished = datetime.fromisoformat(found["finished"])
    statement = Statement(**{**found, "finished": finished})
    return SeenStatement(statement, content["problem"], content.get("by"))


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def read_statement(
    path: Path | None,
    allowed: Path | None = None,
    own: Callable[[], Collection[str]] = tuple,
) -> SeenStatement:
    """The statement that the inventory names; an altered or unreadable one does not count.

    Whose its key is, the operator's `own` keys tell, or the file of `allowed` signers: a line there
    may be for statements alone, by its namespaces.
    """
    if path is None:
        return SeenStatement(problem="no rehearsal is named")
    try:
        found = _statement_in(path)
        return SeenStatement(found.content, by=_whose(found, allowed, own))
    except (OSError, UnicodeDecodeError, ParseError) as error:
        return SeenStatement(problem=f"{path} can't be read: {_why(error)}")
    except CantVerify as error:
        return SeenStatement(problem=f"{path}: {error}")


def _whose(
    found: Signed[Statement], allowed: Path | None, own: Callable[[], Collection[str]]
) -> str:
    if not found.content.key:
        return ""
    if found.content.key in own():
        return OWN
    if allowed is None:
        return ""
    try:
        return signed_by(canonical(found.fields), found.signature.encode(), allowed, REHEARSAL)[0]
    except CantVerify:
        return ""


def refuse_altered(path: Path) -> None:
    """UsageError when the statement in this file is not as a rehearsal wrote and signed it.

    That it can't be looked at (its permissions, no ssh-keygen that can) is for a step to tell.
    """
    try:
        _statement_in(path)
    except OSError:
        return
    except (UnicodeDecodeError, ParseError, CantVerify) as error:
        if isinstance(error.__cause__, OSError):
            return
        raise UsageError(
            f"{path}: altered since its rehearsal wrote it ({error}); expected is the file as it"
            " was then: bring it back from a copy, or name that of another rehearsal"
        ) from error


def _statement_in(path: Path) -> Signed[Statement]:
    """Raises OSError, UnicodeDecodeError, ParseError, and CantVerify for another signature."""
    found = parse_statement(read_file(path, LARGEST_SIGNED).decode(), path.name)
    if not found.signature and not found.content.key:
        return found
    key = is_signed_with(canonical(found.fields), found.signature.encode(), REHEARSAL)
    if key != found.content.key:
        raise CantVerify("signed with another key than it says")
    return found
