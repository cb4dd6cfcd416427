"""Approvals given and read: the plan's hash, signed with a person's ssh key.

The signature covers the plan's hash and its material facts, the name, and from when until when.
A file of allowed signers, as ssh-keygen has it, says who may approve.
"""

from __future__ import annotations

import getpass
import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.atomic import write_atomically
from engine.errors import ParseError, RunbookError, UsageError
from engine.judge.approvals import Operator, approvals
from engine.model.approval import Approval, SeenApproval
from engine.model.event import stamp
from engine.model.finding import Finding
from engine.model.query import LocalQuery
from engine.parse.signed import SCHEMA, parse_approval
from engine.prove.signature import APPROVAL, CantSign, CantVerify, find_signer, signed_by
from engine.record.material import material_hash
from engine.record.run import Run
from engine.verify import canonical

PATTERN = "*.approval.json"


def approve(
    plan: Mapping[str, Any], *, name: str, now: datetime, until: datetime, key: Path | None
) -> bytes:
    """The content of an approval's file. UsageError when the plan was altered, or no key signs."""
    if material_hash(plan["material"]) != plan["hash"]:
        raise UsageError("the plan's hash is not that of its facts: the file was altered")
    if until <= now:
        raise UsageError("the approval would have ended before it was given")
    signed = {
        "schema": SCHEMA,
        "plan": plan["hash"],
        "material": plan["material"],
        "name": name,
        "given": stamp(now),
        "until": stamp(until),
    }
    try:
        with tempfile.TemporaryDirectory(prefix="nr-sign-") as place:
            signature = find_signer(None, Path(place), key).sign(canonical(signed), APPROVAL)
    except (CantSign, OSError) as error:
        raise UsageError(f"not approved, as no key signs: {error}") from error
    return canonical({**signed, "signature": signature.decode()})


def write_approval(path: Path, content: bytes) -> None:
    """Write the file, never over another one; UsageError."""
    if path.exists():
        raise UsageError(f"{path}: is there already; name another file with --out")
    try:
        write_atomically(path, content)
    except OSError as error:
        raise UsageError(f"{path}: can't be written ({error.strerror or error})") from error


def read_plan(path: Path) -> dict[str, Any]:
    """A plan.json. UsageError."""
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: no plan.json: {error}") from error
    wanted = {"hash", "material", "cluster", "findings", "steps", "outcome"}
    if not isinstance(plan, dict) or not wanted <= set(plan):
        raise UsageError(f"{path}: no plan.json of this runbook")
    material = plan["material"]
    if not isinstance(material, dict) or not {"source", "target"} <= set(material):
        raise UsageError(f"{path}: no plan.json of this runbook: its facts lack source or target")
    return plan


Found = tuple[Operator, list[SeenApproval]]
"""Who runs it, and every approval that was given."""


def approvals_here(run: Run) -> LocalQuery[Found]:
    """A question to this machine: who the operator is, and what lies in the directory."""
    settings = run.inventory.settings
    return LocalQuery(
        name="approvals of the plan",
        where=f"{settings.approvals_from or '(no directory)'}/{PATTERN}, signers of"
        f" {settings.approvers or '(no file)'}",
        ask=lambda: (
            Operator(getpass.getuser(), _key_of_the_operator(run)),
            read_approvals(settings.approvals_from, settings.approvers),
        ),
        write=lambda found: json.dumps(
            {"operator": asdict(found[0]), "seen": [asdict(one) for one in found[1]]}, default=str
        ),
        parse=_read_back,
    )


def _read_back(text: str) -> Found:
    content = json.loads(text)
    return Operator(**content["operator"]), [_seen(one) for one in content["seen"]]


def _seen(content: dict[str, Any]) -> SeenApproval:
    signed = content["approval"]
    if signed is None:
        return SeenApproval(**content)
    moments = {name: datetime.fromisoformat(signed[name]) for name in ("given", "until")}
    return SeenApproval(**{**content, "approval": Approval(**{**signed, **moments})})


def judge_approvals(
    run: Run, found: Found, *, active: str, versions: Mapping[str, object], now: datetime
) -> tuple[list[Finding], list[SeenApproval]]:
    """Findings about the approvals that the inventory asks for, and those that count.

    `active` is N, `versions` the installed version of each node.
    """
    settings = run.inventory.settings
    material = run.material_facts(active, versions)
    operator, seen = found
    return approvals(
        settings.approvals, seen, operator=operator, material=_plain(material), now=now
    )


def _key_of_the_operator(run: Run) -> str:
    host, chosen = next(iter(run.inventory.hosts), None), run.inventory.settings.signing_key
    try:
        with tempfile.TemporaryDirectory(prefix="nr-sign-") as place:
            return find_signer(host, Path(place), chosen).fingerprint
    except CantSign:
        return ""
    except OSError as error:
        raise RunbookError(
            f"whose key the operator's is could not be found out: {error}"
        ) from error


def _plain(material: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON has it, to be compared with an approval's facts, which were JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(material))
    return plain


def as_facts(one: SeenApproval) -> dict[str, str]:
    """An approval that counts, for the evidence."""
    assert one.approval is not None
    return {
        "by": one.principal,
        "name": one.approval.name,
        "key": one.key,
        "plan": one.approval.plan,
        "given": stamp(one.approval.given),
        "until": stamp(one.approval.until),
    }


def read_approvals(directory: Path | None, allowed: Path | None) -> list[SeenApproval]:
    """Every approval of the directory, with what its signature says."""
    if directory is None:
        return []
    if not directory.is_dir():
        return [SeenApproval(str(directory), problem="there is no such directory")]
    return [_read(path, allowed) for path in sorted(directory.glob(PATTERN))]


def _read(path: Path, allowed: Path | None) -> SeenApproval:
    try:
        found = parse_approval(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError, ParseError) as error:
        return SeenApproval(path.name, problem=f"it can't be read: {error}")
    if allowed is None:
        problem = "nobody is allowed to approve: runbook_approvers is not given"
        return SeenApproval(path.name, found.content, problem=problem)
    try:
        principal, key = signed_by(
            canonical(found.fields), found.signature.encode(), allowed, APPROVAL
        )
    except CantVerify as error:
        return SeenApproval(path.name, found.content, problem=str(error))
    if material_hash(found.content.material) != found.content.plan:
        problem = "its hash is not that of the facts it was given for"
        return SeenApproval(path.name, found.content, principal, key, problem)
    return SeenApproval(path.name, found.content, principal, key)
