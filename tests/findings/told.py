"""What a run found, and what is wrong with how it ended."""

from __future__ import annotations

from tests.faults.lab import TRACEBACK, left_undone, own_words
from tests.integration.invocation import Ran


def findings_of(ran: Ran, severity: str) -> set[tuple[str, str]]:
    """Step and code of the findings of that weight that nobody accepted.

    One that follows from another is told with that one, and left out.
    """
    found = [event for event in ran.events if event["event"] == "finding"]
    names = {f"{event['code']}@{event['subject']}" for event in found}
    return {
        (event["step"], event["code"])
        for event in found
        if event["severity"] == severity
        and not event.get("accepted")
        and event.get("follows") not in names
    }


def listed(pairs: set[tuple[str, str]]) -> str:
    return ", ".join(f"{code} at {step}" for step, code in sorted(pairs)) or "nothing"


def problems_of(ran: Ran, code: int) -> list[str]:
    """Another exit code, a traceback, something left undone."""
    problems = [] if ran.code == code else [f"exit code {ran.code}, expected {code}"]
    if TRACEBACK in own_words(ran.console) or "INTERNALERROR" in ran.console:
        problems.append("a traceback on the console")
    return problems + left_undone(ran)
