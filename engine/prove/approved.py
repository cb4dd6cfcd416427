"""Approvals in a run: who may not give one, which of them count, and their files in the evidence.

What counts is laid into the run's outputs by its bytes, with the file that says who may approve:
so a stranger can check it, and a later run of the attempt brings it along.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from engine.attempt.used import Used
from engine.errors import RunbookError
from engine.judge.approvals import Operator, approvals
from engine.model.approval import Approval, SeenApproval, Upgrade
from engine.model.event import stamp
from engine.model.facts import APPROVED
from engine.model.finding import Finding
from engine.model.query import LocalQuery
from engine.prove.approvals import PATTERN, read_approvals
from engine.prove.own_keys import keys_of_the_operator
from engine.record.run import Run
from engine.verify import digest, read_json

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
            Operator(getpass.getuser(), keys_of_the_operator(run), run.by),
            read_approvals(
                settings.approvals_from,
                settings.approvers,
                Upgrade(settings.cluster, str(run.release.source), str(run.release.target)),
            ),
        ),
        write=lambda found: json.dumps(
            {"operator": asdict(found[0]), "seen": [_plain(one) for one in found[1]]}, default=str
        ),
        parse=_read_back,
    )


def _plain(one: SeenApproval) -> dict[str, Any]:
    """Without the files themselves: those that count are in the evidence as files."""
    return {name: value for name, value in asdict(one).items() if name not in ("raw", "signers")}


def _read_back(text: str) -> Found:
    content = read_json(text)
    told = content["operator"]
    # an older runbook knew the key that signs the evidence, and no other
    keys = told["keys"] if "keys" in told else filter(None, [told["key"]])
    return Operator(told["name"], tuple(keys), told.get("by", "")), [
        _seen(one) for one in content["seen"]
    ]


def _seen(content: dict[str, Any]) -> SeenApproval:
    signed = content["approval"]
    if signed is None:
        return SeenApproval(**content)
    moments = {name: datetime.fromisoformat(signed[name]) for name in ("given", "until")}
    return SeenApproval(**{**content, "approval": Approval(**{**signed, **moments})})


def judge_approvals(
    run: Run,
    found: Found,
    *,
    active: str,
    versions: Mapping[str, object],
    now: datetime,
    used: Used,
) -> tuple[list[Finding], list[SeenApproval]]:
    """Findings about the approvals that the inventory asks for, and those that count.

    `active` is N, `versions` the installed version of each node, `used` what N has on record of
    approvals that have counted; those of this very attempt count in it again.
    """
    operator, seen = found
    # as JSON has it, to be compared with an approval's facts, which were JSON
    material = json.loads(json.dumps(run.material_facts(active, versions)))
    wanted = run.inventory.settings.approvals
    others = {one: attempt for one, attempt in used.items() if attempt != run.attempt}
    return approvals(wanted, seen, operator=operator, material=material, now=now, used=others)


def keep(run: Run, counted: Sequence[SeenApproval]) -> dict[str, Any]:
    """Lay the files of the approvals that count into the evidence; the fact that tells of them.

    Each of `given` has file and sha256, as have `approvers`. RunbookError when it can't be written.
    """
    given = [{**_as_facts(one), **_laid(run, one.file, one.raw)} for one in counted]
    signers = counted[0].signers if counted else b""
    return {"given": given, "approvers": _laid(run, "approvers", signers)}


def _laid(run: Run, name: str, raw: bytes) -> dict[str, str]:
    """Where the copy is; nothing of a run that is judged again, which has no files."""
    if not raw:
        return {}
    try:
        file = run.outputs.write(name, raw)
    except OSError as error:
        raise RunbookError(
            f"{name} can't be kept in {run.directory} ({error.strerror or error}); expected is a"
            " copy of each approval that counts, as without it nobody can check them"
        ) from error
    kept = {"file": file, "sha256": digest(raw)}
    output = {"text": "kept as it was given", "size": len(raw), **kept}
    run.record("attachment", step=run.step, name=name, output=output, about=APPROVED)
    return kept


def _as_facts(one: SeenApproval) -> dict[str, str]:
    assert one.approval is not None
    return {
        "by": one.principal,
        "name": one.approval.name,
        "key": one.key,
        "plan": one.approval.plan,
        "runbook": str(one.approval.material.get("runbook", "")),
        "given": stamp(one.approval.given),
        "until": stamp(one.approval.until),
    }
