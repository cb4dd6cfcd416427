"""What happens when `neteye update|upgrade` runs on an Elastic-only or voting-only node.

The guide forbids it, because it would turn that machine into an operative node. The stand-in does
that much harm: packages of an operative node, and a mark that a rehearsal finds.
"""

from __future__ import annotations

from datetime import datetime, timezone

from neteye_standin.context import REHEARSAL, Context
from neteye_standin.playlog import PlayLog
from neteye_standin.remote import run

MARK = REHEARSAL / "harmed"
OPERATIVE_PACKAGES = ("neteye-mariadb-conf", "neteye-httpd", "icinga2-neteye", "tornado")


def turn_into_operative(command: str, context: Context) -> int:
    """Do the harm, and end like a success: nothing warns the operator."""
    name = context.me.name
    with MARK.open("a", encoding="utf-8") as file:
        file.write(f"{datetime.now(timezone.utc).isoformat()} neteye {command} on {name}\n")
    log = PlayLog([name])
    log.say(f"neteye {command} (stand-in of a rehearsal cluster, not NetEye)")
    log.play(f"NetEye {command}: configure an operative node")
    log.task("Install packages of the node")
    answer = run(
        ["bash", "-lc", 'exec dnf -y -q --enablerepo=neteye install "$@"', "dnf",
         *OPERATIVE_PACKAGES], deadline=600.0,
    )  # fmt: skip
    if answer.rc != 0:
        log.failure(name, answer.tail)
        log.recap()
        return 1
    log.result(name, "changed")
    log.recap()
    return 0
