"""The GLPI part of secure install in 4.26: new passwords for the database user of the OCS plugin.

Stored form (ocs-glpi 2.2): base64 of nonce and XChaCha20-Poly1305-IETF ciphertext of the
url-encoded password, associated data the nonce, key the 32 bytes of GLPI's `glpicrypt.key`.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import re
import secrets
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nacl import exceptions
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from neteye_standin import database
from neteye_standin.modules import ModuleError

USER = "glpi_ocsinventoryng"
PLUGIN_VERSION = "1.7.3"
GLPI_SHARED = Path("/neteye/shared/glpi")
PASSWORD_FILE = Path("/root/.pwd_glpi_ocsinventoryng")
_TABLE = "glpi_plugin_ocsinventoryng_ocsservers"
_DATABASE = re.compile(r"\$dbdefault\s*=\s*'([^']+)'")
_NONCE = 24
_KEY = 32
_PLAIN = string.ascii_letters + string.digits
_SPECIAL = "#$%&+=@!*?~^:,._-"
# Ways in which the reset of a server's password can go (setting `glpi_reset`); `done` is right.
RESETS = ("done", "skipped", "old-form", "other-key", "wrong-password", "emptied")
IN_TURN = ("skipped", "other-key", "wrong-password", "emptied", "done")
# What GLPI has of the plugin afterwards (setting `glpi_plugin`): version and state (ocs-glpi 2.4)
PLUGIN_STATES = {
    "activated": (PLUGIN_VERSION, 1),
    "not-activated": (PLUGIN_VERSION, 4),
    "not-updated": (PLUGIN_VERSION, 6),
    "old-version": ("1.7.0", 1),
}


class PluginError(ModuleError):
    """The stored passwords could not be renewed."""


def new_password(length: int = 24) -> str:
    """A random password with some special characters."""
    inner = [secrets.choice(_PLAIN + _SPECIAL) for _ in range(length - 2)]
    return secrets.choice(_PLAIN) + "".join(inner) + secrets.choice(_PLAIN)


def seal(password: str, key: bytes, nonce: bytes | None = None) -> str:
    """The stored form of a password."""
    nonce = nonce or secrets.token_bytes(_NONCE)
    plain = quote(password, safe="").encode()
    sealed = crypto_aead_xchacha20poly1305_ietf_encrypt(plain, nonce, nonce, key)
    return base64.b64encode(nonce + sealed).decode()


def is_sealed(stored: str, key: bytes) -> bool:
    """Whether a stored value can be decrypted with that key."""
    try:
        raw = base64.b64decode(stored, validate=True)
        crypto_aead_xchacha20poly1305_ietf_decrypt(raw[_NONCE:], raw[:_NONCE], raw[:_NONCE], key)
    except (binascii.Error, ValueError, exceptions.CryptoError):
        return False
    return True


def read_key(root: Path = GLPI_SHARED) -> bytes:
    """GLPI's key. Raises PluginError."""
    found = next(iter(sorted(root.rglob("glpicrypt.key"))), None)
    if found is None:
        raise PluginError(f"no glpicrypt.key below {root}")
    key = found.read_bytes()
    if len(key) != _KEY:
        raise PluginError(f"{found}: {len(key)} bytes, expected {_KEY}")
    return key


def database_name(root: Path = GLPI_SHARED) -> str:
    """The database that GLPI is configured to use; empty without a configuration."""
    for path in sorted(root.rglob("config_db.php")):
        if found := _DATABASE.search(path.read_text(encoding="utf-8")):
            return found[1]
    return ""


def old_form(password: str) -> str:
    """A value without nonce and tag, as long as the password: what the new cipher can't read."""
    return base64.b64encode(bytes((byte + 1) % 256 for byte in password.encode())).decode()


def stored_value(how: str, password: str, key: bytes) -> str | None:
    """What is stored when the reset of a server goes as `how` says; `done` is right."""
    values = {
        "done": lambda: seal(password, key),
        "old-form": lambda: old_form(password),
        "other-key": lambda: seal(password, secrets.token_bytes(_KEY)),
        "wrong-password": lambda: seal(new_password(), key),
        "emptied": lambda: None,
    }
    return values[how]()


def reset_statements(rows: Mapping[str, str], password: str, key: bytes, gui_version: int) -> str:
    """SQL: the password of the user, and its stored form in each row (own nonce each).

    `rows`: id -> how its reset goes.
    """
    secret = database.literal(password)
    lines = [
        f"ALTER USER IF EXISTS '{USER}'@'{host}' IDENTIFIED BY {secret};"
        for host in ("%", "localhost")
    ]
    for row, how in rows.items():
        stored = stored_value(how, password, key)
        literal = "NULL" if stored is None else database.literal(stored)
        lines.append(
            f"UPDATE {_TABLE} SET ocs_db_passwd = {literal},"
            f" ocs_version = '{gui_version}' WHERE id = {int(row)};"
        )
    return "\n".join(lines)


def upgrade(gui_version: int, settings: Mapping[str, Any]) -> list[str]:
    """Renew what can't be read any more; what was done, in words. Raises PluginError."""
    name = database_name()
    if not name or not database.query(f"SHOW TABLES LIKE '{_TABLE}';", name):
        return []
    done = []
    rows = to_reset(name, settings, read_key())
    if rows:
        password = new_password()
        _save(password)
        sql = reset_statements(rows, password, read_key(), gui_version)
        database.execute(sql, name)
        done.append(f"password of {USER} reset in {len(rows)} OCS servers")
    version, state = PLUGIN_STATES[settings["glpi_plugin"]]
    database.execute(
        f"UPDATE glpi_plugins SET version = '{version}', state = {state}"
        " WHERE directory = 'ocsinventoryng';",
        name,
    )
    return done


def to_reset(name: str, settings: Mapping[str, Any], key: bytes) -> dict[str, str]:
    """Id -> how its reset goes, of all servers of that user when one of them can't be read."""
    rows = database.query(
        f"SELECT id, is_active, ocs_db_passwd FROM {_TABLE}"
        f" WHERE BINARY ocs_db_user = BINARY '{USER}' ORDER BY id;",
        name,
    )
    if all(is_sealed(stored, key) for _, _, stored in rows):
        return {}
    ways = {number: settings["glpi_reset"] for number, active, _ in rows if active == "1"}
    idle = [number for number, active, _ in rows if active != "1"]
    if settings["glpi_reset_inactive"] == "in-turn":
        ways |= dict(zip(idle, itertools.cycle(IN_TURN)))
    else:
        ways |= dict.fromkeys(idle, "done")
    return {number: how for number, how in ways.items() if how != "skipped"}


def _save(password: str) -> None:
    fresh = PASSWORD_FILE.with_name(PASSWORD_FILE.name + ".new")
    fresh.touch(mode=0o600)
    fresh.write_text(password + "\n", encoding="utf-8")
    fresh.replace(PASSWORD_FILE)
