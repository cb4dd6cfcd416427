"""The GLPI part of secure install in 4.26: new passwords for the database user of the OCS plugin.

Stored form (ocs-glpi 2.2): base64 of nonce and XChaCha20-Poly1305-IETF ciphertext of the
url-encoded password, associated data the nonce, key the 32 bytes of GLPI's `glpicrypt.key`.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import string
from pathlib import Path
from urllib.parse import quote

from nacl import exceptions
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)

from neteye_standin import database

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


class PluginError(Exception):
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


def reset_statements(rows: list[str], password: str, key: bytes, gui_version: int) -> str:
    """SQL: the password of the user, and its stored form in each row (own nonce each)."""
    secret = database.literal(password)
    lines = [
        f"ALTER USER IF EXISTS '{USER}'@'{host}' IDENTIFIED BY {secret};"
        for host in ("%", "localhost")
    ]
    lines += [
        f"UPDATE {_TABLE} SET ocs_db_passwd = {database.literal(seal(password, key))},"
        f" ocs_version = '{gui_version}' WHERE id = {int(row)};"
        for row in rows
    ]
    return "\n".join(lines)


def upgrade(gui_version: int) -> list[str]:
    """Renew what can't be read any more; what was done, in words. Raises PluginError."""
    name = database_name()
    if not name or not database.query(f"SHOW TABLES LIKE '{_TABLE}';", name):
        return []
    done = []
    key = read_key()
    rows = database.query(
        f"SELECT id, ocs_db_passwd FROM {_TABLE} WHERE BINARY ocs_db_user = BINARY '{USER}';",
        name,
    )
    if rows and not all(is_sealed(stored, key) for _, stored in rows):
        password = new_password()
        _save(password)
        names = [number for number, _ in rows]
        database.execute(reset_statements(names, password, key, gui_version), name)
        done.append(f"password of {USER} reset in {len(rows)} OCS servers")
    database.execute(
        f"UPDATE glpi_plugins SET version = '{PLUGIN_VERSION}', state = 1"
        " WHERE directory = 'ocsinventoryng';",
        name,
    )
    return done


def _save(password: str) -> None:
    fresh = PASSWORD_FILE.with_name(PASSWORD_FILE.name + ".new")
    fresh.touch(mode=0o600)
    fresh.write_text(password + "\n", encoding="utf-8")
    fresh.replace(PASSWORD_FILE)
