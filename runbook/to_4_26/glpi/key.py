"""GLPI's key, by which the stored passwords are read after the upgrade: asked before it, too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.ask.look import Look
from engine.model.answer import Answer
from engine.model.finding import Finding
from engine.model.query import Query
from engine.secrets import Secret
from runbook.to_4_26.glpi.place import ASKED_FOR, KEY_FILE, GlpiPlace
from runbook.to_4_26.glpi.servers import OcsServer
from runbook.to_4_26.glpi.stored_password import unusable

_KEY = '[ -f "$1" ] || exit 44; exec base64 -w 0 -- "$1"'


@dataclass(frozen=True)
class KeyAnswer:
    """GLPI's key, or why it can't be had."""

    key: Secret | None
    problem: str = ""


def glpi_key(directory: str) -> Query[KeyAnswer]:
    """GLPI's key in its configuration directory; never recorded.

    Asked on the node where GLPI's shared directory is mounted.
    """
    path = f"{directory}/{KEY_FILE}"

    def parse(answer: Answer) -> KeyAnswer:
        if answer.code == 44:
            return KeyAnswer(None, f"there is no {path}; {ASKED_FOR}")
        key = Secret(answer.text.strip())
        if why := unusable(key):
            return KeyAnswer(None, f"{path}: {why}")
        return KeyAnswer(key)

    return Query(
        name="GLPI's key",
        argv=("sh", "-c", _KEY, "key", path),
        parse=parse,
        ok_codes=(0, 44),
        secret=True,
        deadline=60.0,
    )


def key_at(look: Look, node: str, place: GlpiPlace) -> KeyAnswer:
    """GLPI's key on the node where its directory is mounted."""
    if place.directory is None:
        return KeyAnswer(None, f"which key GLPI uses can't be told: {place.sentence}. {ASKED_FOR}")
    return look.ask(node, glpi_key(place.directory))


def missing_before(servers: Iterable[OcsServer], key: KeyAnswer) -> list[Finding]:
    """Before the upgrade: servers whose new password nobody could read after it (G03)."""
    if key.key is not None:
        return []
    return [
        Finding(
            code=f"glpi-key-missing{'' if server.is_active else '-inactive'}",
            subject=f"OCS server {server.name}",
            observed=f"{server}: {key.problem}",
            expected=f"GLPI's {KEY_FILE}, by which the password that the upgrade sets is read",
            remedy="Put it back from a backup: without it GLPI can read no stored password, and"
            " the new one can't be proved. If this GLPI has none yet (older than 9.5), and the"
            " upgrade makes it, accept this finding. " + ASKED_FOR,
            guide=("G03",),
        )
        for server in servers
        if server.is_standard and not server.is_soap
    ]
