#!/usr/bin/python3
"""Edits the node's OCS httpd files as an administrator had: password and local settings.

Standard input is JSON with `password`. Because of these edits rpm keeps the files and leaves the
new ones beside them as `.rpmnew`.
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


def edit_server(text: str, password: str) -> str:
    """The communication server's file with this site's values and trusted addresses."""
    text = ocs_conf.set_server_password(text, password)
    for name, value in SITE.items():
        text, count = re.subn(rf"(?m)^(\s*PerlSetEnv\s+{name}\s+)\S+", rf"\g<1>{value}", text)
        if count != 1:
            sys.exit(f"{name} is {count} times in {ocs_conf.SERVER_CONF}, expected once")
    added = "".join(f"  PerlAddVar OCS_OPT_TRUSTED_IP {address}\n" for address in TRUSTED)
    text, count = re.subn(r"(?m)^(\s*PerlSetEnv\s+OCS_OPT_LOGLEVEL.*\n)", rf"\g<1>{added}", text)
    return text


def main() -> int:
    password = json.load(sys.stdin)["password"]
    for name, edit in (
        (ocs_conf.SERVER_CONF, edit_server),
        (ocs_conf.RESTAPI_CONF, ocs_conf.set_restapi_password),
    ):
        path = Path(name)
        edited = edit(path.read_text(encoding="utf-8"), password)
        path.write_text(edited, encoding="utf-8")
        path.chmod(0o640)
    return 0


if __name__ == "__main__":
    sys.exit(main())
