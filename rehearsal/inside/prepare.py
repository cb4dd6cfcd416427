"""Makes what depends on seed, scenario or topology but needs the image's programs.

Run as `python3 -m rehearsal.inside.prepare` with /prepare (the cluster's template directory) and
this tree mounted. /prepare/request.json says what is wanted; results are /prepare/shared,
/prepare/repo and /prepare/keys. The four parts run side by side.
"""

import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rehearsal.inside import database, migrated
from rehearsal.services import SERVICES

HERE = Path("/prepare")
SHARED = HERE / "shared"
KEYS = HERE / "keys"
_CERTUTIL = "corosync-qdevice-net-certutil"


def main() -> int:
    request = json.loads((HERE / "request.json").read_text(encoding="utf-8"))
    KEYS.mkdir()
    parts: list[Callable[[Mapping[str, Any]], None]] = [repositories, shared, qdevice, pcsd]
    with ThreadPoolExecutor() as pool:
        for future in [pool.submit(part, request) for part in parts]:
            future.result()
    return 0


def repositories(request: Mapping[str, Any]) -> None:
    """The rpm repositories, in a process of its own."""
    settings = KEYS / "settings.json"
    settings.write_text(json.dumps(request["settings"]), encoding="utf-8")
    build = [sys.executable, "-m", "rehearsal.packages.build"]
    _run(*build, "--out", str(HERE / "repo"), "--settings", str(settings))


def shared(request: Mapping[str, Any]) -> None:
    """The data of every clustered service."""
    asset = bool(request["asset"])
    for service in SERVICES:
        if asset or not service.asset:
            for part in ("conf", "data", "log"):
                if service.name != "mariadb":
                    (SHARED / service.folder / part).mkdir(parents=True)
    (SHARED / "httpd/conf/sysconfig").mkdir()
    passwords = request["settings"]["passwords"]
    if asset:
        glpi_configuration(SHARED / "glpi", passwords["glpi"])
    if request["migrated"]:
        name = request["settings"]["credentials_variable"]
        target = SHARED / "httpd/conf/sysconfig/ocsinventory-credentials"
        _write(target, f"{name}={passwords['ocsserver']}\n", 0o600)
    statements = database.accounts(passwords) if asset else database.without_asset()
    lenient = ""
    if request["migrated"]:
        key = (SHARED / "glpi/conf/glpicrypt.key").read_bytes()
        statements += migrated.statements(passwords["glpi_ocsinventoryng"], key)
        lenient = migrated.schema_steps()
    mysql = SHARED / "mysql"
    database.prepare(mysql / "data", [*statements, *request["sql"]], lenient)
    database.install_configuration(mysql)


def glpi_configuration(folder: Path, password: str) -> None:
    """GLPI's access to its database, and the key of its cipher (32 raw bytes)."""
    (folder / "data/_log").mkdir()
    key = folder / "conf/glpicrypt.key"
    key.write_bytes(secrets.token_bytes(32))
    key.chmod(0o600)
    values = {
        "dbhost": "mariadb.neteyelocal",
        "dbuser": "glpi",
        "dbpassword": quote(password, safe="-_.~"),
        "dbdefault": "glpi",
    }
    members = "".join(f"    public ${name} = '{value}';\n" for name, value in values.items())
    text = f"<?php\nclass DB extends DBmysql {{\n{members}}}\n"
    _write(folder / "conf/config_db.php", text, 0o600)


def qdevice(request: Mapping[str, Any]) -> None:
    """Certificates of corosync-qnetd and corosync-qdevice, when there is a voting node."""
    if not request["voting"]:
        return
    shutil.rmtree("/etc/corosync/qnetd/nssdb", ignore_errors=True)  # Debian's package made one
    _run("corosync-qnetd-certutil", "-i")
    ca = "/etc/corosync/qnetd/nssdb/qnetd-cacert.crt"
    _run(_CERTUTIL, "-i", "-c", ca)
    _run(_CERTUTIL, "-r", "-n", "NetEye")
    node_request = "/etc/corosync/qdevice/net/nssdb/qdevice-net-node.crq"
    _run("corosync-qnetd-certutil", "-s", "-c", node_request, "-n", "NetEye")
    _run(_CERTUTIL, "-M", "-c", "/etc/corosync/qnetd/nssdb/cluster-NetEye.crt")
    for source, name in (
        ("/etc/corosync/qnetd/nssdb", "qnetd"),
        ("/etc/corosync/qdevice/net/nssdb", "qdevice"),
    ):
        _run("cp", "-r", source, str(KEYS / name))


def pcsd(_: Mapping[str, Any]) -> None:
    """pcsd's certificate; one for all nodes."""
    _run(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "3650",
        "-subj",
        "/CN=neteye.neteyelocal",
        "-keyout",
        str(KEYS / "pcsd.key"),
        "-out",
        str(KEYS / "pcsd.crt"),
    )


def _write(path: Path, text: str, mode: int) -> None:
    path.touch(mode)  # before it has content
    path.write_text(text, encoding="utf-8")


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"`{argv[0]}` ended with {done.returncode}: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
