"""Small steps that a procedure lets a node do for itself; each prints `changed` or `ok`."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from neteye_standin import elastic_state, health
from neteye_standin.context import load
from neteye_standin.drbd_state import MOUNTS, mounted
from neteye_standin.elastic_daemon import installed_version
from neteye_standin.remote import run

TEMPLATE_PACKAGED = Path("/usr/share/neteye/ocsinventory-server/ocsinventory-credentials.tpl")
HTTPD_SHARED = Path("/neteye/shared/httpd")
TEMPLATE = HTTPD_SHARED / "conf/sysconfig/ocsinventory-credentials.tpl"
ELASTIC_DEADLINE = 60.0  # seconds until a restarted Elasticsearch must answer
_POLL = 0.1


def templates() -> bool:
    """Copy the packaged credentials template to where httpd's shared directory is mounted."""
    points = mounted(MOUNTS.read_text(encoding="utf-8"))
    if not TEMPLATE_PACKAGED.exists() or str(HTTPD_SHARED) not in points:
        return False
    if TEMPLATE.exists() and TEMPLATE.read_bytes() == TEMPLATE_PACKAGED.read_bytes():
        return False
    TEMPLATE.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(TEMPLATE_PACKAGED, TEMPLATE)
    TEMPLATE.chmod(0o600)
    return True


def elastic() -> bool:
    """Restart Elasticsearch when the running one is not the installed version."""
    me = load().me
    wanted = installed_version()
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
