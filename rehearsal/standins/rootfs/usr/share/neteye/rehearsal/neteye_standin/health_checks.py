"""The health checks: each looks at this node and gives a monitoring state and a sentence.

The scripts in `/usr/share/neteye/scripts/neteye/health.d/` run one of them each.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable
from types import TracebackType

from neteye_standin import context, drbd_state, pacemaker, packages
from neteye_standin.remote import run

OK, WARNING, CRITICAL, UNKNOWN = range(4)
WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
Result = tuple[int, str]

_GIB = 1024**3
_MIB = 1024**2
_FREE = {"/": 3 * _GIB, "/var": 3 * _GIB, "/boot": 150 * _MIB}  # domain facts, section 4
_SETTLE = 30.0  # seconds a moving resource is waited for
_POLL = 0.5
_UNITS = {
    "operative": ("corosync", "pacemaker", "pcsd"),
    "elastic_only": (),
    "voting_only": ("corosync-qnetd",),
}
_MAIN = re.compile(r"main\((\w+)\)")
_OWN = """\
#!/usr/bin/python3
# Stand-in of a rehearsal cluster for a health check of NetEye; not NetEye.
import sys

sys.path.insert(0, "/usr/share/neteye/rehearsal")

from neteye_standin.health_checks import {}, main  # noqa: E402

"""
_ES_CURL = "/usr/share/neteye/elasticsearch/scripts/es_curl.sh"


def pacemaker_state() -> Result:
    """No failed action, nobody offline, nothing stopped that should run."""
    if context.load().me.role != "operative":
        return OK, "not a node of the pacemaker cluster"
    deadline = time.monotonic() + _SETTLE
    xml = pacemaker.status_xml()
    while pacemaker.is_settling(xml) and time.monotonic() < deadline:
        time.sleep(_POLL)
        xml = pacemaker.status_xml()
    found = pacemaker.problems(xml)
    return (CRITICAL, "; ".join(found)) if found else (OK, "cluster resources are fine")


def services() -> Result:
    """The daemons of the node's role are active."""
    units = [*_UNITS[context.load().me.role], "elasticsearch"]
    states = run(["systemctl", "is-active", *units]).out.split()
    bad = [f"{unit} is {state}" for unit, state in zip(units, states)
           if state != "active"]  # fmt: skip
    if len(states) != len(units):
        return UNKNOWN, f"systemctl answered for {len(states)} of {len(units)} units"
    return (CRITICAL, "; ".join(bad)) if bad else (OK, f"{len(units)} services active")


def disk_space() -> Result:
    """3 GB free on / and /var, 150 MB on /boot."""
    low = [
        f"{path}: {shutil.disk_usage(path).free // _MIB} MB free, {need // _MIB} needed"
        for path, need in _FREE.items()
        if shutil.disk_usage(path).free < need
    ]
    return (CRITICAL, "; ".join(low)) if low else (OK, "enough free space")


def module_migration() -> Result:
    """After the upgrade a module may ask for a migration by hand; by scenario only."""
    settings = context.load_settings()
    mark = context.FINALISED_MARK.read_text(encoding="utf-8").strip()
    if settings["health_warning_after_finalise"] and mark != settings["source"]:
        return WARNING, "a module has to be migrated manually"
    return OK, "no module to be migrated"


def rpm_leftovers() -> Result:
    """No `.rpmnew` or `.rpmsave` waits for a person."""
    found = packages.leftovers(run)
    return (CRITICAL, " ".join(found)) if found else (OK, "no rpmnew or rpmsave file")


def drbd() -> Result:
    """All connections up, all disks UpToDate; diskless is right on a voting-only node."""
    here = context.load()
    nodes = drbd_state.replicating(here.cluster)
    if here.me not in nodes:
        return OK, "not a DRBD node"
    resources = drbd_state.observe(here.cluster, here.me)
    if not resources:
        return CRITICAL, "no DRBD resource is up"
    fine = "Diskless" if here.me.role == "voting_only" else "UpToDate"
    bad = [f"{r.name} is {r.disk}" for r in resources if r.disk != fine]
    bad += [
        f"{r.name}: {p.name} {p.connection}/{p.disk}"
        for r in resources
        for p in r.peers
        if p.connection != "Connected" or p.disk not in ("UpToDate", "Diskless")
    ]
    return (CRITICAL, "; ".join(bad)) if bad else (OK, f"{len(resources)} resources UpToDate")


def elasticsearch() -> Result:
    """The cluster is green; yellow is a warning."""
    url = "https://elasticsearch.neteyelocal:9200/_cluster/health"
    answer = run([_ES_CURL, "-s", "-S", "--max-time", "20", url], deadline=30)
    if answer.rc != 0:
        return CRITICAL, f"failed to connect to elasticsearch: {answer.tail}"
    status = json.loads(answer.out).get("status")
    state = {"green": OK, "yellow": WARNING}.get(status, CRITICAL)
    return state, f"elasticsearch is {status}"


def mariadb() -> Result:
    """Where MariaDB runs, it answers."""
    mounts = drbd_state.mounted(drbd_state.MOUNTS.read_text(encoding="utf-8"))
    if "/neteye/shared/mysql" not in mounts:
        return OK, "mariadb does not run on this node"
    answer = run(["mysql", "-BNe", "SELECT 1"], deadline=20)
    return (OK, "mariadb answers") if answer.rc == 0 else (CRITICAL, f"mariadb: {answer.tail}")


def main(check: Callable[[], Result]) -> None:
    """Run one check as a script: prints one line, exits with its state."""
    unexpected_is_unknown()
    state, line = outcome(check)
    print(line, flush=True)
    sys.exit(state)


def outcome(check: Callable[[], Result]) -> Result:
    """State and line of one check."""
    try:
        state, text = check()
    except (context.ContextError, pacemaker.PacemakerError, packages.PackageError) as error:
        state, text = UNKNOWN, str(error)
    return state, f"{WORDS[state]} - {text}"


def own_check(script: str) -> Callable[[], Result] | None:
    """The check that a script's text runs when it is one of the rehearsal's own, unchanged."""
    *head, last = script.splitlines() or [""]
    match = _MAIN.fullmatch(last)
    if match is None or head != _OWN.format(match[1]).splitlines():
        return None
    check: Callable[[], Result] = globals()[match[1]]
    return check


def unexpected_is_unknown() -> None:
    """From now on an unexpected exception is UNKNOWN; Python's own exit status 1 is a warning."""
    sys.excepthook = _unknown


def _unknown(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.__excepthook__(kind, error, trace)
    sys.stderr.flush()
    os._exit(UNKNOWN)
