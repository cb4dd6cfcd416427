"""`httpd -t` before and after the files are replaced: only a new complaint counts.

It proves little (an undefined variable passes, ocs-glpi 3.4), but a file that httpd refuses would
keep the web server from starting. So would a Perl module that can't be loaded, which `httpd -t`
alone passes over (mod_perl 2.0.12, findings/httpd-t-loads-no-perl-module.sh).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.model.answer import Answer
from engine.model.finding import Command, Finding
from engine.model.query import Query

_STAMP = re.compile(r"\A\[\w{3} [^\]]*\d{4}\] ")
_PROCESS = re.compile(r"\[pid [^\]]*\] ")
_COMPLAINT = re.compile(r"\bAH\d{5}\b|\[[\w-]*:(?:warn|error|crit|alert|emerg)\]")
_PASSED = "Syntax OK"

# the variable comes from httpd's unit: without a value its name alone would be a complaint
_TEST = """export "$1=neteye-runbook"
exec httpd -t -c '<IfModule perl_module>' -c 'PerlConfigRequire strict.pm' -c '</IfModule>' 2>&1"""
"""mod_perl loads what the files name when its interpreter starts; `-t` alone does not start it."""


def _complaints(answer: Answer) -> frozenset[str]:
    lines = [_PROCESS.sub("", _STAMP.sub("", line.strip())) for line in answer.text.splitlines()]
    lines = [line for line in lines if line and line != _PASSED]
    if answer.code == 0:
        # what modules print while they are loaded is no complaint of httpd
        return frozenset(line for line in lines if _COMPLAINT.search(line))
    return frozenset(lines) or frozenset({f"httpd -t ended with {answer.code} and no word"})


def config_test(variable: str) -> Query[frozenset[str]]:
    """What httpd complains of in its configuration, with any value for the variable."""
    return Query(
        name="httpd -t",
        argv=("sh", "-c", _TEST, "httpd-test", variable),
        parse=_complaints,
        ok_codes=(0, 1),
        # a complaint may quote a line of the files
        secret=True,
        deadline=120.0,
    )


def refusal_findings(
    node: str, before: Iterable[str], after: Iterable[str], way_back: Iterable[Command]
) -> list[Finding]:
    """Complaints that were not there before; their text must be masked already."""
    new = sorted(set(after) - set(before))
    if not new:
        return []
    return [
        Finding(
            code="ocs-httpd-complains",
            subject=f"{node}: httpd -t",
            observed="since the OCS files were replaced: " + " | ".join(new)[:600],
            expected="no complaint that was not there before",
            remedy="httpd was not restarted. Mend what it misses, put the old files back (their"
            " .rpmnew are still there) and run again, which merges them once more. Or leave the"
            " merged files, and correct them by hand. If it does no harm, accept this finding.",
            guide=("G13",),
            commands=tuple(way_back),
        )
    ]
