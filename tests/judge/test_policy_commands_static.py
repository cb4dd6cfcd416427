"""What changes something is told as a command, not in a sentence; what only looks may stand there.

A text is copied by hand, with whatever quotes stand around it; commands are quoted, shown by
themselves, and run to the letter by the cases of `tests/findings`.
"""

from __future__ import annotations

import re
from functools import cache

import pytest

from engine.model.groups import grouped
from tests.judge.test_policy_ways import ROOT, sentences

MODULES = sorted([*ROOT.glob("engine/**/*.py"), *ROOT.glob("runbook/**/*.py")])
QUOTED = re.compile(r"`([^`]+)`")
LOOKS = re.compile(
    r"pcs (?:status|constraint|property|booth status|quorum status|stonith (?:status|history)"
    r"|resource (?:config .*|defaults))(?: --full)?|crm_ticket .*--details"
    r"|stonith_admin --history .*"
    r"|drbdadm status.*|corosync-quorumtool -s"
    r"|(?:systemctl status|journalctl -[ut]|findmnt|rpm -qa?) .*"
    r"|dnf (?:check|history info last|module list|--enablerepo= upgrade --assumeno)|httpd -t"
    r"|chronyc tracking|fuser -vm|neteye health deep|mysqldump ocsweb memories|ssh -o BatchMode.*"
)
CHANGES = re.compile(
    r"(?:pcs|crm_\w+|stonith_admin|drbdadm|drbdsetup|systemctl|dnf|yum|rpm|grubby|chmod|chown|cp|mv"
    r"|rm|sed|tr|echo|mount|umount|mysql|httpd|chronyc|fuser|ssh|corosync-\w+|neteye\w*|firewall-cmd"
    r"|crm_ticket|findmnt|journalctl|mysqldump)\b.*"
)
"""Programs of a node; a word alone is a name."""
DECISIONS = {
    "pcs constraint remove ": "only when nothing of it is on record: the runbook removes its own",
    "pcs cluster stop ": "stops a node's services: only when its fencer has lost the request",
    "pcs cluster start ": "the other half of that",
    "pcs stonith history cleanup ": "the end of that",
    "pcs cluster stop": "stops a node's services: only when no election comes by itself",
    "pcs cluster start": "the other half of that",
    "pcs property set stop-orphan-resources=true": "somebody has set it, and it is of all of them",
    "echo  > /etc/machine-id": "only when the machine takes the other's place on purpose",
    "dnf offline-upgrade clean": "gives up what somebody prepared: it may be carried out instead",
    "drbdadm invalidate-remote {name}": "support decides whether it is right",
    "pcs resource move": "what somebody did before, or names what an error expects",
    "pcs resource clear": "names what an error expects: no finding has it",
    "neteye upgrade": "the role firewall says whose command it is",
}
"""What changes something and stands in a text all the same, and why a person decides."""


def told(text: str) -> list[str]:
    """Commands in backquotes that change something."""
    found = [one for one in QUOTED.findall(text) if " " in one]
    return [one for one in found if CHANGES.fullmatch(one) and not LOOKS.fullmatch(one)]


@cache
def everywhere() -> dict[str, list[str]]:
    """Such a command -> the modules whose texts have it."""
    return grouped(
        (one, str(path.relative_to(ROOT)))
        for path in MODULES
        for text in sentences(path)
        for one in told(text)
    )


def test_what_changes_something_is_a_command_or_a_decision() -> None:
    assert {one: where for one, where in everywhere().items() if one not in DECISIONS} == {}


def test_a_decision_that_no_text_has_is_taken_off_the_list() -> None:
    assert set(DECISIONS) - set(everywhere()) == set()


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("Mend it, then `pcs resource cleanup httpd`.", ["pcs resource cleanup httpd"]),
        ("See `pcs status` and `systemctl status httpd`.", []),
        (
            "`systemctl enable --now x` on n, `chmod go= /x`",
            ["systemctl enable --now x", "chmod go= /x"],
        ),
        ("the program `pcs` is missing", []),
    ],
)
def test_what_is_looked_for_is_found(text: str, commands: list[str]) -> None:
    assert told(text) == commands
