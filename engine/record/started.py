"""What a run writes down of itself at its start: all that its reports need later."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.model.ending import Mode
from engine.model.event import stamp
from engine.model.inventory import Counts, Settings
from engine.model.steps import Scope, StepItem
from engine.record.run import Run


def started_fields(
    run: Run, *, root: Path, where: Path, options: Sequence[str] = ()
) -> dict[str, Any]:
    """Fields of `run-started` beside who, where and what.

    `root` is the project's directory, `where` the one in which the command was given; `options` of
    pytest belong into every further command.
    """
    settings = run.inventory.settings
    window = (
        f"{stamp(settings.window_start)} to {stamp(settings.window_end)}"
        if settings.window_start and settings.window_end
        else ""
    )
    return {
        "given": _given(settings),
        "acceptances": [
            {"code": one.code, "subject": one.subject, **one.as_data()}
            for one in run.judge.acceptances
        ],
        "started": stamp(run.started),
        "python": sys.version.split()[0],
        "inventory": str(run.inventory.path),
        "reached": {
            host.name: {"address": host.address, "port": host.port, "line": host.line}
            | {"user": host.user, "become": host.become}
            | ({"key_file": str(host.key_file)} if host.key_file else {})
            | ({"by": list(host.ssh_args)} if host.ssh_args else {})
            for host in run.inventory.hosts
        },
        "window": window,
        "announced": _announced(run),
        "no_return": run.release.no_return,
        "stages": [
            {
                "title": stage.title,
                "phases": list(stage.phases),
                "minutes": stage.takes(len(run.inventory.hosts)).total_seconds() / 60,
            }
            for stage in run.release.stages
        ],
        # a restore judges no row: it serves the ledger, not the guide
        "guide": {} if run.scope is Scope.RESTORE else dict(run.release.guide),
        "commands": _commands(run, root, where, options),
        # by these a prediction is told and compared
        "questions": sorted(run.release.questions),
        "not_predicted": sorted(run.release.not_predicted),
        "support": run.release.support,
        **({"follows": run.follows.run_id} if run.follows else {}),
        **({"until": run.until.phase} if run.until else {}),
        **({"until": "end"} if run.to_its_end else {}),
        "read": [{"as": one.what_for, "run": one.run_id, "head": one.head} for one in run.read],
    }


def _given(settings: Settings) -> dict[str, Any]:
    """The settings that decide what a run does and what it finds, as they were written."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in settings.by_name(Counts.FOR_FINDINGS).items()
    }


def _announced(run: Run) -> str:
    base, each = run.release.estimate_base, run.release.estimate_per_node
    nodes = len(run.inventory.hosts)
    return f"{base + each * nodes} minutes ({base} + {each} for each of {nodes} nodes)"


def _commands(run: Run, root: Path, where: Path, options: Sequence[str]) -> dict[str, str]:
    """What to type next, in the same directory: again, the run itself, the upgrade, the restore,
    the follow-up.

    Neither acceptances nor settlements are repeated: both are on record.
    """
    base = [*_pytest(where), *options, typed(root / "runbook", where)]
    base += ["--inventory", typed(run.inventory.path, where)]
    restore = ["--restore"] if run.scope is Scope.RESTORE else []
    plan = ["--plan"] if run.mode is Mode.PLAN else []
    followed = run.follows.directory if run.follows else run.directory
    follow_up = ["--follow-up", typed(followed, where)]
    # whoever wanted to end there mends what stopped the run before, and still wants it
    until = ["--until", run.until.phase] if run.until else []
    same = follow_up if run.follows else [*restore, *plan, *until]
    return {
        "again": shlex.join([*base, *same]),
        "execute": shlex.join([*base, *restore]),
        "upgrade": shlex.join(base),
        "restore": shlex.join([*base, "--restore"]),
        "follow-up": shlex.join([*base, *follow_up]),
    }


def _pytest(where: Path) -> list[str]:
    """How pytest was called: its script, or the module of this interpreter."""
    called = Path(sys.argv[0])
    if called.name in ("pytest", "py.test"):
        return [typed(where / called, where) if called.parent != Path() else called.name]
    return [typed(Path(sys.executable), where), "-m", "pytest"]


def typed(path: Path, where: Path) -> str:
    """Relative when it is below the directory of the command, as people type it; else whole."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100  # links stay: they were typed
    return str(whole.relative_to(where)) if whole.is_relative_to(where) else str(whole)


def steps_field(steps: Sequence[tuple[StepItem, str, str]]) -> list[dict[str, Any]]:
    """The `steps` event: every step of the run in running order, from (step, node id, intent)."""
    return [
        {
            "name": step.name,
            "of": step.mark.name,
            "node": step.node,
            "guide": list(step.mark.guide),
            "nodeid": nodeid,
            "intent": intent,
        }
        for step, nodeid, intent in steps
    ]
