"""`approve` and `verify` of `python -m engine`: their options, and what they do."""

from __future__ import annotations

import argparse
import re
from datetime import datetime, timedelta
from pathlib import Path

from engine.errors import UsageError
from engine.given_path import why_no_file
from engine.prove.approvals import approve, read_plan, write_approval
from engine.verify import HEAD, Verdict, in_words, verify

APPROVED_FOR = timedelta(days=14)


def add_verify_options(command: argparse.ArgumentParser) -> None:
    """The run, and by what it is checked."""
    command.add_argument("run", type=Path, metavar="reports/RUN", help="the run's directory")
    command.add_argument("--head", type=_head, metavar="HASH", help="the head that the run printed")
    command.add_argument(
        "--allowed-signers", type=Path, metavar="FILE", help="who may sign, as ssh-keygen has it"
    )
    command.add_argument(
        "--approvers", type=Path, metavar="FILE", help="who may approve, in the same format"
    )
    command.add_argument(
        "--witness",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="what `journalctl -t neteye-runbook` printed on a node",
    )
    command.add_argument(
        "--timestamp-ca", type=Path, metavar="FILE", help="certificates by which time stamps count"
    )


def add_approve_options(command: argparse.ArgumentParser) -> None:
    """The plan, and who approves it until when."""
    command.add_argument("plan", type=Path, metavar="plan.json", help="reports/RUN/plan.json")
    command.add_argument("--name", required=True, help="who approves")
    command.add_argument("--until", type=_moment, help="ISO 8601; without it, for 14 days")
    command.add_argument("--key", type=Path, help="the ssh key; else one that signs by itself")
    command.add_argument("--out", type=Path, help="the file; else NAME-HASH.approval.json here")


def approve_plan(given: argparse.Namespace, now: datetime) -> list[str]:
    """Sign the plan and write the approval; what was done, a line each. Raises UsageError."""
    plan, name = read_plan(given.plan), given.name
    until = given.until or now + APPROVED_FOR
    content = approve(plan, name=name, now=now, until=until, key=given.key)
    safe = re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.") or "approval"
    file = given.out or Path(f"{safe}-{plan['hash'][:8]}.approval.json")
    write_approval(file, content)
    blocking = [one["code"] for one in plan["findings"] if one["severity"] == "block"]
    codes = ", ".join(sorted(set(blocking)))
    return [
        f"{name} approves: {plan['cluster']} from {plan['material']['source']} to"
        f" {plan['material']['target']}, plan {plan['hash'][:16]}, {len(plan['steps'])} steps",
        *([f"the plan is blocked by {codes}: a run is, too"] if blocking else []),
        f"written: {file}; it goes into the directory of runbook_approvals_from",
    ]


def verdict_on(given: argparse.Namespace) -> Verdict:
    """What the verifier says of the run's directory. UsageError for a file that is not there."""
    for name in ("allowed_signers", "approvers", "timestamp_ca"):
        path = getattr(given, name)
        if path is not None and (why := why_no_file(path)):
            raise UsageError(f"--{name.replace('_', '-')}: {path}: {why}")
    try:
        return verify(
            given.run,
            given.head,
            given.allowed_signers,
            given.approvers,
            given.witness,
            given.timestamp_ca,
        )
    except OSError as error:
        raise UsageError(in_words(error)) from error


def _head(text: str) -> str:
    if not HEAD.match(text):
        raise argparse.ArgumentTypeError("expected 64 hexadecimal digits")
    return text


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("expected ISO 8601, as 2026-11-28T22:00") from None
    return moment if moment.tzinfo else moment.astimezone()
