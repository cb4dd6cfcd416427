"""The credentials file of httpd and its template (guide rows G11 and G12).

An EnvironmentFile of systemd, possibly sourced by a shell too: what is written here is read
alike by both.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from engine.model.finding import Finding
from engine.secrets import Secret
from runbook.ocs.names import CREDENTIALS, CREDENTIALS_TEMPLATE

_ASSIGNMENT = re.compile(r"^[ \t]*(?P<name>[A-Za-z_]\w*)[ \t]*=(?P<value>[^\n]*)$", re.M)
_ESCAPED_IN_DOUBLE = '"\\`$'


def variables(template: str) -> tuple[str, ...]:
    """The variables that a template or credentials file sets, in order; comments set none."""
    return tuple(match["name"] for match in _ASSIGNMENT.finditer(template))


def template_findings(template: str, wanted: Iterable[str]) -> list[Finding]:
    """Whether the template sets exactly the variables that the `.rpmnew` files refer to."""
    offered, needed = set(variables(template)), set(wanted)
    if offered == needed and len(needed) == 1:
        return []
    return [
        Finding(
            code="ocs-variable-mismatch",
            subject=CREDENTIALS_TEMPLATE,
            observed=f"it sets {_listed(offered)}, the .rpmnew files refer to {_listed(needed)}",
            expected="one variable, the same in the template and in both .rpmnew files",
            remedy="Look at the three files and migrate them by hand as the guide says, then run"
            " again.",
            guide=("G11", "G12"),
        )
    ]


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "no variable"


def render(template: str, variable: str, password: Secret) -> Secret:
    """The credentials file: the template with the password at its variable, comments kept.

    ValueError when the template does not set the variable exactly once. The password must have
    passed `passwords.cannot_carry`.
    """
    found = [match for match in _ASSIGNMENT.finditer(template) if match["name"] == variable]
    if len(found) != 1:
        raise ValueError(
            f"{CREDENTIALS_TEMPLATE} sets {variable} {len(found)} times, expected once"
        )
    head, tail = template[: found[0].start()], template[found[0].end() :]
    end = "" if tail.startswith("\n") else "\n"
    return Secret(f"{head}{variable}={shlex.quote(password.reveal())}{end}{tail}")


def read(text: str, variable: str) -> Secret | None:
    """The value that systemd gives to the variable; None when the file does not set it.

    The last assignment counts. Quotes are stripped, backslashes escape (man systemd.exec).
    """
    value = None
    for match in _ASSIGNMENT.finditer(text):
        if match["name"] == variable:
            value = Secret(_unquoted(match["value"].strip()))
    return value


def _unquoted(text: str) -> str:
    value, quote, position = "", "", 0
    while position < len(text):
        char = text[position]
        following = text[position + 1 : position + 2]
        if quote == "'":
            if char == quote:
                quote = ""
            else:
                value += char
        elif char == "\\" and following and (not quote or following in _ESCAPED_IN_DOUBLE):
            value += following
            position += 1
        elif char == quote:
            quote = ""
        elif not quote and char in "\"'":
            quote = char
        else:
            value += char
        position += 1
    return value


def existing_findings(existing: Secret | None, password: Secret) -> list[Finding]:
    """A credentials file with another value is a question, never overwritten."""
    if existing == password:
        return []
    seen = "it has another password" if existing is not None else "it does not set the variable"
    return [
        Finding(
            # without a value there is none that could be accepted as the right one
            code="ocs-credentials-other" if existing is not None else "ocs-migration-unclear",
            subject=CREDENTIALS,
            observed=f"the file is there already and {seen} than the files in use",
            expected="no such file, or one with the password that the OCS server uses now",
            remedy="Find out who wrote it and which password logs in; correct or remove the file,"
            " then run again."
            + (" If its password is the right one, accept this finding." if existing else ""),
            guide=("G12",),
        )
    ]
