"""The credentials file of httpd and its template (guide rows G11 and G12).

An EnvironmentFile of systemd, possibly sourced by a shell too: what is written here is read
alike by both.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from engine.model.finding import Finding
from engine.secrets import Secret
from runbook.to_4_26.httpd.environment_file import assignments, readings
from runbook.to_4_26.names import CREDENTIALS, CREDENTIALS_TEMPLATE


def variables(template: str) -> tuple[str, ...]:
    """The variables that a template or credentials file sets, in order; comments set none."""
    return tuple(one.name for one in assignments(template))


def template_findings(template: str, wanted: Iterable[str]) -> list[Finding]:
    """Whether the template sets exactly the variables that the `.rpmnew` files refer to."""
    offered, needed = set(variables(template)), set(wanted)
    if offered == needed and len(variables(template)) == 1:
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
    found = [one for one in assignments(template) if one.name == variable]
    if len(found) != 1:
        raise ValueError(
            f"{CREDENTIALS_TEMPLATE} sets {variable} {len(found)} times, expected once"
        )
    head, tail = template[: found[0].start], template[found[0].end :]
    end = "" if tail else "\n"
    return Secret(f"{head}{variable}={shlex.quote(password.reveal())}{end}{tail}")


def read(text: str, variable: str) -> Secret | None:
    """The value that systemd gives to the variable; None when the file does not set it.

    None, too, when versions of systemd read different values: see `is_unclear`.
    """
    found = [None if value is None else Secret(value) for value in readings(text, variable)]
    return found[0] if len(found) == 1 else None


def is_unclear(text: str, variable: str) -> bool:
    """Whether versions of systemd give different values to the variable."""
    return len(readings(text, variable)) > 1


def existing_findings(
    existing: Secret | None, password: Secret, *, unclear: bool = False
) -> list[Finding]:
    """A credentials file with another value is a question, never overwritten."""
    if existing == password:
        return []
    if unclear:
        seen = "versions of systemd read different values from it, because of a backslash"
    elif existing is not None:
        seen = "it has another password than the files in use"
    else:
        seen = "it does not set the variable"
    return [
        Finding(
            # without a value there is nothing to accept
            code="ocs-credentials-other" if existing is not None else "ocs-migration-unclear",
            subject=CREDENTIALS,
            observed=f"the file is there already: {seen}",
            expected="no such file, or one with the password that the OCS server uses now",
            remedy="Find out who wrote it and which password logs in; correct or remove the file,"
            " then run again."
            + (" If its password is the right one, accept this finding." if existing else ""),
            guide=("G12",),
        )
    ]
