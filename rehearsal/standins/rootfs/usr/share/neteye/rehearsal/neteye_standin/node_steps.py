"""Small steps that a procedure lets a node do for itself; each prints `changed` or `ok`."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from neteye_standin import elastic_state, health
from neteye_standin.context import load
from neteye_standin.drbd_state import MOUNTS, mounted
from neteye_standin.remote import run

SHARED = Path("/neteye/shared")
ELASTIC_DEADLINE = 60.0  # seconds until a restarted Elasticsearch must answer
_POLL = 0.1


def templates() -> bool:
    """Copy the step's packaged templates to the shared directories that are mounted here."""
    import neteye_step  # dear, and a health check does without it

    points = mounted(MOUNTS.read_text(encoding="utf-8"))
    there = [
        _copied(packaged, target)
        for packaged, target in neteye_step.TEMPLATES.items()
        if packaged.exists() and str(SHARED / target.relative_to(SHARED).parts[0]) in points
    ]
    return any(there)


def _copied(packaged: Path, target: Path) -> bool:
    if target.exists() and target.read_bytes() == packaged.read_bytes():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(packaged, target)
    target.chmod(0o600)
    return True


def elastic() -> bool:
    """Restart Elasticsearch when the running one is not the installed version."""
    me = load().me
    wanted = elastic_state.installed_version()
    if elastic_state.ask(me) == wanted:
        return False
    answer = run(["systemctl", "restart", "elasticsearch"], deadline=ELASTIC_DEADLINE)
    if answer.rc != 0:
        raise SystemExit(f"restart of elasticsearch: {answer.tail}")
    deadline = time.monotonic() + ELASTIC_DEADLINE
    while elastic_state.ask(me) != wanted:
        if time.monotonic() > deadline:
            raise SystemExit(f"elasticsearch does not answer with version {wanted}")
        time.sleep(_POLL)
    return True


def main(argv: list[str]) -> int:
    """`health`, `templates` or `elastic`."""
    if argv == ["health"]:
        return health.main("deep")
    steps = {"templates": templates, "elastic": elastic}
    if len(argv) != 1 or argv[0] not in steps:
        print(f"node-step: one of health, {', '.join(steps)}", file=sys.stderr)
        return 4
    print("changed" if steps[argv[0]]() else "ok")
    return 0
