"""The OCS database password in the syntax of each file, old and new (guide rows G10 and G13).

Old: a literal. New: a variable of httpd's environment, whose name is only known from the
`.rpmnew` and the template (domain facts, trap 4). Syntax: ocs-glpi 3.1 and 3.4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.model.finding import Finding
from engine.secrets import Secret
from runbook.to_4_26.httpd.httpd_conf import ConfFile, Item, Kind
from runbook.to_4_26.httpd.perl_block import plain_string, reference
from runbook.to_4_26.httpd.restart import restarted
from runbook.to_4_26.names import OCS_PASSWORD, RESTAPI_CONF

KEY = "OCS_DB_PWD"

_VARIABLE = re.compile(r"\$\{(\w+)\}\Z")


@dataclass(frozen=True)
class Password:
    """What a file has for the password: a literal, a variable's name, or why it can't be read."""

    literal: Secret | None = None
    variable: str | None = None
    problem: str = ""
    lines: tuple[int, ...] = field(default=(), compare=False)


def is_carrier(item: Item) -> bool:
    """Whether this piece of a file sets the password (of the main database, not of a replica)."""
    if item.kind is Kind.ASSIGNMENT:
        return item.args[0].text == KEY
    return item.kind is Kind.DIRECTIVE and (
        item.sets("PerlSetVar", KEY) or item.sets("PerlSetEnv", KEY) or _passes(item, KEY)
    )


def _passes(item: Item, name: str) -> bool:
    return item.name in ("perlpassenv", "passenv") and name in item.values


def read_password(conf: ConfFile, path: str) -> Password:
    """The password as the file at `path` sets it; a problem instead of a guess."""
    carriers = [item for item in conf.items if is_carrier(item)]
    if path.removesuffix(".rpmnew") != RESTAPI_CONF:
        # the agents' endpoint reads dir_config, never the environment
        carriers = [item for item in carriers if item.name == "perlsetvar"]
    else:
        carriers = [item for item in carriers if item.name != "perlsetvar"]
    if not carriers:
        included = any(item.name.startswith("include") for item in conf.settings())
        hint = "; it includes other files, which are not read" if included else ""
        return Password(problem=f"{KEY} is not set in it{hint}")
    setting = [item for item in carriers if not _passes(item, KEY)] or carriers
    read = [_read(item) for item in setting]
    lines = tuple(item.line for item in setting)
    problem = next((one.problem for one in read if one.problem), "")
    if not problem and len({(one.literal, one.variable) for one in read}) > 1:
        problem = f"{KEY} is set {len(read)} times with different values"
    if problem:
        return Password(problem=f"{problem} (line {', '.join(map(str, lines))})", lines=lines)
    return Password(read[0].literal, read[0].variable, lines=lines)


def _read(item: Item) -> Password:
    conditions = [part for part in item.section if not part.startswith(("ifmodule ", "perl"))]
    if conditions:
        place = conditions[-1].partition("#")[0]
        return Password(problem=f"{KEY} is set inside <{place}>")
    if _passes(item, KEY):
        return Password(variable=KEY)
    if item.kind is Kind.ASSIGNMENT:
        value = item.args[1].text
        name, text = reference(value), plain_string(value)
        if name:
            return Password(variable=name)
        if text is None:
            return Password(problem=f"the value of {KEY} is no plain Perl string")
        return Password(Secret(text))
    if len(item.args) != 2:
        return Password(problem=f"{item.name} {KEY} has {len(item.args) - 1} values, expected one")
    argument = item.args[1]
    match = _VARIABLE.match(argument.text)
    if match:
        return Password(variable=match[1])
    if "${" in argument.text:
        return Password(problem=f"the value of {KEY} contains a reference to a variable")
    return Password(Secret(argument.text))


def is_passed_in_time(conf: ConfFile, variable: str) -> bool:
    """Whether mod_perl sees the variable where the `<Perl>` block reads it.

    mod_perl starts with PATH and TZ only: PerlPassEnv has to stand before the block.
    """
    for item in conf.items:
        if _passes(item, variable) and item.name == "perlpassenv":
            return True
        if item.sets("PerlSetEnv", variable):
            return True
        if item.kind is Kind.ASSIGNMENT and reference(item.args[1].text) == variable:
            return False
    return True


def cannot_carry(password: Secret) -> list[str]:
    """Why the target's syntax can't carry this password; empty when it can.

    The value passes systemd's EnvironmentFile, httpd's `"${NAME}"` (where a quote ends the
    argument and a backslash escapes) and a shell that may source the file: what one of them
    could read differently is left to a person.
    """
    text = password.reveal()
    if not text:
        return ["it is empty"]
    problems = []
    if re.search(r"[\"'`]", text):
        problems.append("it contains a quote")
    if "\\" in text:
        problems.append("it contains a backslash")
    if re.search(r"\s", text):
        problems.append("it contains a blank or a line end")
    elif any(not 32 < ord(char) < 127 for char in text):
        problems.append("it contains characters that are not printable ASCII")
    return problems


def preflight_findings(seen: Mapping[str, Mapping[str, Password]]) -> list[Finding]:
    """Files and nodes agree, and the target can carry the password. `seen`: node -> path -> it."""
    findings = []
    values: dict[Secret, list[str]] = {}
    # httpd is one resource of the cluster: any one node restarts it for all of them
    restarting = next(iter(seen), "")
    for node, files in seen.items():
        for path, password in files.items():
            place = f"{node}:{path}"
            if password.literal is None:
                problem = password.problem or f"it refers to the variable {password.variable}"
                findings.append(_unsupported(place, problem, restarting))
                continue
            values.setdefault(password.literal, []).append(place)
            problems = cannot_carry(password.literal)
            if problems:
                problem = f"the password ({' and '.join(problems)})"
                findings.append(_unsupported(place, problem, restarting))
    if len(values) > 1:
        findings.append(_different(list(values.values()), restarting))
    return findings


def _unsupported(place: str, problem: str, node: str) -> Finding:
    return Finding(
        code="ocs-password-unsupported",
        subject=place,
        observed=problem,
        expected="one literal password that httpd's new configuration can carry: printable"
        " characters without quotes, backslash and blanks",
        remedy="Set another password for the OCS database user, in the database, in both files"
        " on every operative node and in the OCS console; restart httpd, then run again.",
        guide=("G10", "G12"),
        commands=(restarted(node),),
    )


def _different(places: list[list[str]], node: str) -> Finding:
    groups = " / ".join(", ".join(group) for group in sorted(places, key=len, reverse=True))
    return Finding(
        code="ocs-passwords-differ",
        subject=OCS_PASSWORD,
        observed=f"{len(places)} different passwords are in use: {groups}",
        expected="the same password in both files on every operative node",
        remedy="Find out which one logs in, put it into the other files, restart httpd, then run"
        " again: the upgrade leaves one credentials file for all nodes.",
        guide=("G10",),
        commands=(restarted(node),),
    )
