"""Judging the OCS servers of GLPI after the upgrade (guide row G03)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.model.finding import Finding, Way
from engine.secrets import Secret
from runbook.to_4_26.glpi.servers import OcsServer, PluginState
from runbook.to_4_26.glpi.stored_password import (
    CantDecrypt,
    KeyAnswer,
    decrypt,
    has_new_form,
    is_unchanged,
    keyed_digest,
)
from runbook.to_4_26.login import LoginResult


def digests_before(servers: Sequence[OcsServer], comparison: Secret) -> dict[str, str]:
    """For the baseline: server id -> HMAC of its stored password, by the attempt's key."""
    return {
        str(server.id): keyed_digest(server.password, comparison)
        for server in servers
        if server.password is not None
    }


@dataclass(frozen=True)
class ServerAfter:
    """What was seen of one server: problems by code, or the password to log in with."""

    server: OcsServer
    problems: tuple[tuple[str, str], ...] = ()
    password: Secret | None = None


def examine(
    server: OcsServer, before: Mapping[str, Any], comparison: Secret | None, key: KeyAnswer
) -> ServerAfter:
    """The checks that need no login: stored, changed, new form, decrypts.

    `comparison`: the attempt's key; None when it was compared before, and the key thrown away.
    """
    if server.password is None:
        return ServerAfter(server, (("glpi-password-missing", "no password is stored"),))
    problems, password = [], None
    digest = before.get(str(server.id))
    if comparison and digest and is_unchanged(server.password, comparison, str(digest)):
        problems.append(("glpi-password-unchanged", "the stored password is the one from before"))
    if not has_new_form(server.password):
        seen = "the stored password does not have the form of the new cipher"
        problems.append(("glpi-password-old-form", seen))
    elif key.key is None:
        problems.append(("glpi-key-missing", key.problem))
    else:
        try:
            password = decrypt(server.password, key.key)
        except CantDecrypt as error:
            seen = f"the stored password can't be read: {error}"
            problems.append(("glpi-password-unreadable", seen))
    return ServerAfter(server, tuple(problems), password)


def findings_after(seen: ServerAfter, login: LoginResult | None) -> list[Finding]:
    """What is wrong with one server of `glpi_ocsinventoryng`; `login` is None when not tried."""
    problems = list(seen.problems)
    if login is not None and not login.ok:
        code = "glpi-login-failed" if login.denied else "glpi-login-unreachable"
        problems.append((code, f"the stored password does not log in: {login.error}"))
    weight = "" if seen.server.is_active else "-inactive"
    return [
        Finding(
            # inactive servers have codes of their own: whether the upgrade resets those too is
            # not known (ocs-glpi 5)
            code=f"{code}{weight}",
            subject=f"OCS server {seen.server.name}",
            observed=f"{seen.server}: {problem}",
            expected="a stored password that is new, can be decrypted with GLPI's key, and logs in",
            remedy="The upgrade resets this password by neteye_secure_install; look for that in"
            " its log, and call service and support. Synchronisation from OCS to GLPI is down.",
            guide=("G03",),
            way=Way.SUPPORT,
        )
        for code, problem in problems
    ]


def plugin_findings(plugin: PluginState | None, version: str) -> list[Finding]:
    """State and version of the plugin, as GLPI itself has it."""
    seen = "GLPI does not know the plugin"
    if plugin is not None:
        if plugin.is_active and plugin.version == version:
            return []
        seen = f"version {plugin.version}, {plugin.state_name}"
    return [
        Finding(
            code="glpi-plugin-state",
            subject="GLPI plugin ocsinventoryng",
            observed=seen,
            expected=f"version {version}, activated",
            remedy="Open Setup > Plugins in GLPI, update and enable the plugin there, then run"
            " this again.",
            guide=("G03",),
        )
    ]
