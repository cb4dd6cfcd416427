#!/usr/bin/python3
"""Edits the node's OCS httpd files as an administrator had: password and local settings.

Standard input is JSON with `password` and the `node`'s number. Because of these edits rpm keeps
the files and leaves the new ones beside them as `.rpmnew`. Nodes are not edited alike: the first
one has values of its site, the second one another access and an editor's Windows line ends, and
the others nothing but the password.
"""

import json
import re
import sys
from pathlib import Path

import ocs_conf

# directive -> value of this site; each is in the packaged file with another value
SITE = {
    "OCS_OPT_LOGLEVEL": "1",
    "OCS_OPT_PROLOG_FREQ": "24",
}
TRUSTED = ("192.0.2.10", "192.0.2.11")


def one_replaced(pattern: str, replacement: str, text: str) -> str:
    """The text with the one place replaced; more or none are an error."""
    text, count = re.subn(pattern, replacement, text, flags=re.M)
    if count != 1:
        sys.exit(f"{pattern} is {count} times in {ocs_conf.SERVER_CONF}, expected once")
    return text


def values_of_a_site(text: str) -> str:
    """Other values, and trusted addresses beside the packaged one."""
    for name, value in SITE.items():
        text = one_replaced(rf"^(\s*PerlSetEnv\s+{name}\s+)\S+", rf"\g<1>{value}", text)
    added = "".join(f"  PerlAddVar OCS_OPT_TRUSTED_IP {address}\n" for address in TRUSTED)
    return one_replaced(r"^(\s*PerlSetEnv\s+OCS_OPT_LOGLEVEL.*\n)", rf"\g<1>{added}", text)


def access_and_line_ends(text: str) -> str:
    """A key for the database's certificate, another login for one place, Windows line ends."""
    added = "  # asked for by the database team\n  PerlSetEnv OCS_DB_SSL_MODE SSL_MODE_STRICT\n"
    text = one_replaced(r"^(\s*PerlSetEnv OCS_DB_USER .*\n)", rf"\g<1>{added}", text)
    text = one_replaced(r'^(\s*AuthName) ".*"$', r'\g<1> "Inventory of the second site"', text)
    text = one_replaced(r'^(\s*)Require user "soap"$', r"\g<1>Require valid-user", text)
    return text.replace("\n", "\r\n")


EDITS = {1: values_of_a_site, 2: access_and_line_ends}


def main() -> int:
    told = json.load(sys.stdin)
    edit = EDITS.get(told["node"], str)
    for name, set_password in (
        (ocs_conf.SERVER_CONF, ocs_conf.set_server_password),
        (ocs_conf.RESTAPI_CONF, ocs_conf.set_restapi_password),
    ):
        path = Path(name)
        text = set_password(path.read_text(encoding="utf-8"), told["password"])
        if name == ocs_conf.SERVER_CONF:
            text = edit(text)
        path.write_bytes(text.encode("utf-8"))  # line ends stay as they are
        path.chmod(0o640)
    return 0


if __name__ == "__main__":
    sys.exit(main())
