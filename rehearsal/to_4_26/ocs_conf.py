"""The OCS httpd files as NetEye's packages would bring them, made from Debian's at build time.

Nothing of Debian's text is kept in the project: its directives are read from the image's package
`ocsinventory-server`, comments dropped. Placeholders of Debian's packaging are filled in, NetEye's
database names put in; the password is a literal in 4.25 and an environment variable in 4.26.
"""

from __future__ import annotations

import re
from collections.abc import Callable

SERVER_CONF = "/etc/httpd/conf.d/ocsinventory-server.conf"
RESTAPI_CONF = "/etc/httpd/conf.d/ocsinventory-server-restapi.conf"
DEBIAN_SERVER_CONF = "etc/apache2/conf-available/ocsinventory-server.conf"
DEBIAN_RESTAPI_CONF = "etc/apache2/conf-available/ocsinventory-restapi.conf"

DEFAULT_PASSWORD = "changeme"
DATABASE = {"HOST": "mariadb.neteyelocal", "NAME": "ocsweb", "LOCAL": "ocsweb", "USER": "ocsserver"}

_RESTAPI_ROOT = "/usr/share/perl5/Api/Ocsinventory/Restapi"
_PLACEHOLDERS = {
    "REST_API_PATH": _RESTAPI_ROOT,
    "REST_API_LOADER_PATH": f"{_RESTAPI_ROOT}/Loader.pm",
    "APACHE_AUTH_USER_FILE": "/etc/httpd/conf/ocsinventory.htpasswd",
    "SOAP_USER": "soap",
}
_SERVER_PASSWORD = re.compile(r"^(?P<head>\s*PerlSetVar\s+OCS_DB_PWD\s+)(?P<value>.*)$", re.M)
_RESTAPI_PASSWORD = re.compile(
    r"^(?P<head>\s*\$ENV\{OCS_DB_PWD\}\s*=\s*)(?P<value>'[^']*'|[^;]*);$", re.M
)


class ConfigurationError(Exception):
    """A directive that the rehearsal needs is not in the packaged file."""


def directives(text: str) -> str:
    """The file without comments and blank lines, tabs as blanks, placeholders filled in."""
    lines = (line.rstrip().expandtabs(8) for line in text.splitlines())
    kept = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    joined = "\n".join(kept) + "\n"
    for name in sorted(_PLACEHOLDERS, key=len, reverse=True):
        joined = joined.replace(name, _PLACEHOLDERS[name])
    return joined


def server_conf_source(debian: str, *, quoted: bool) -> str:
    """The 4.25 form of `ocsinventory-server.conf`: a literal password, bare or quoted."""
    text = directives(debian)
    for key, value in DATABASE.items():
        text = _replace_one(text, rf"^(\s*PerlSetEnv OCS_DB_{key}) .*$", rf"\1 {value}")
    password = f'"{DEFAULT_PASSWORD}"' if quoted else DEFAULT_PASSWORD
    return _HEAD_SOURCE + _set_value(_SERVER_PASSWORD, text, password, "PerlSetVar OCS_DB_PWD")


def restapi_conf_source(debian: str) -> str:
    """The 4.25 form of `ocsinventory-server-restapi.conf`."""
    text = directives(debian)
    for key in ("HOST", "LOCAL", "USER"):
        line = rf"^(\s*\$ENV\{{OCS_DB_{key}\}}) = .*;$"
        text = _replace_one(text, line, rf"\1 = '{DATABASE[key]}';")
    value = f"'{DEFAULT_PASSWORD}'"
    return _HEAD_SOURCE + _set_value(_RESTAPI_PASSWORD, text, value, "$ENV{OCS_DB_PWD}", end=";")


def server_conf_target(debian: str, variable: str, *, literal: bool = False) -> str:
    """The 4.26 form: the password is `${variable}` of httpd's environment, two keys are new.

    `literal`: it still has a password of its own, as a package that forgot the change.
    """
    text = server_conf_source(debian, quoted=False).removeprefix(_HEAD_SOURCE)
    if not literal:
        text = _set_value(_SERVER_PASSWORD, text, f'"${{{variable}}}"', "PerlSetVar OCS_DB_PWD")
    added = (
        "\\g<0>\n  PerlSetEnv OCS_DB_SSL_ENABLED 0\n  PerlSetEnv OCS_DB_SSL_MODE SSL_MODE_PREFERRED"
    )
    text = _replace_one(text, r"^\s*PerlSetEnv OCS_DB_USER .*$", added)
    text = _replace_one(text, r"^(\s*PerlSetEnv OCS_OPT_SESSION_VALIDITY_TIME) .*$", r"\1 900")
    return _HEAD_TARGET + text


def restapi_conf_target(debian: str, variable: str, *, literal: bool = False) -> str:
    """The 4.26 form: mod_perl gets the variable by PerlPassEnv, before the block that reads it."""
    text = restapi_conf_source(debian).removeprefix(_HEAD_SOURCE)
    if not literal:
        value = f"$ENV{{{variable}}}"
        text = _set_value(_RESTAPI_PASSWORD, text, value, "$ENV{OCS_DB_PWD}", end=";")
    text = _replace_one(text, r"^<Perl>$", rf"PerlPassEnv {variable}\n<Perl>")
    text = _replace_one(text, r"^<Location /ocsapi>$", "\\g<0>\n  Require ip 127.0.0.1")
    return _HEAD_TARGET + text


def set_server_password(text: str, password: str) -> str:
    """A node's own `ocsinventory-server.conf`: that password, in the quoting found."""
    found = _SERVER_PASSWORD.search(text)
    quoted = found is not None and found["value"].startswith('"')
    value = f'"{password}"' if quoted else password
    return _set_value(_SERVER_PASSWORD, text, value, "PerlSetVar OCS_DB_PWD")


def set_restapi_password(text: str, password: str) -> str:
    """A node's own `ocsinventory-server-restapi.conf` with that password."""
    value = f"'{password}'"
    return _set_value(_RESTAPI_PASSWORD, text, value, "$ENV{OCS_DB_PWD}", end=";")


_HEAD_SOURCE = "# OCS Inventory on NetEye, release 4.25\n"
_HEAD_TARGET = (
    "# OCS Inventory on NetEye, release 4.26\n"
    "# The database password comes from the environment of httpd, see sysconfig.\n"
)


def _set_value(pattern: re.Pattern[str], text: str, value: str, name: str, *, end: str = "") -> str:
    replacement: Callable[[re.Match[str]], str] = lambda m: f"{m['head']}{value}{end}"  # noqa: E731
    changed, count = pattern.subn(replacement, text)
    if count != 1:
        raise ConfigurationError(f"{name}: found {count} times in the OCS file, expected once")
    return changed


def _replace_one(text: str, line: str, replacement: str) -> str:
    changed, count = re.subn(line, replacement, text, flags=re.M)
    if count != 1:
        raise ConfigurationError(f"{line}: found {count} times in the OCS file, expected once")
    return changed
