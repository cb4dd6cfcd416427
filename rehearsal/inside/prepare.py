"""Makes what depends on seed, scenario or topology but needs the image's programs.

Run as `python3 -m rehearsal.inside.prepare` with /prepare (the cluster's template directory) and
this tree and the step's mounted. /prepare/request.json says what is wanted; results are
/prepare/shared, /prepare/repo and /prepare/keys. The parts run side by side.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rehearsal.inside import database, icinga
from rehearsal.inside.commands import run, self_signed
from rehearsal.like.twin import Twin
from rehearsal.state import Asked

HERE = Path("/prepare")
SHARED = HERE / "shared"
KEYS = HERE / "keys"
_CERTUTIL = "corosync-qdevice-net-certutil"


REFUSED = 3
"""Exit status where pacemaker does not take the configuration; standard error says why."""


class Refused(RuntimeError):
    """Pacemaker does not take the configuration."""


def main() -> int:
    request = json.loads((HERE / "request.json").read_text(encoding="utf-8"))
    KEYS.mkdir()
    parts: list[Callable[[Mapping[str, Any]], None]] = [
        *(repositories, shared, qdevice, pcsd, configuration)
    ]
    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(part, request) for part in parts]
        try:
            for future in futures:
                future.result()
        except Refused as why:
            print(why, file=sys.stderr)
            return REFUSED
    return 0


def repositories(request: Mapping[str, Any]) -> None:
    """The rpm repositories, in a process of its own."""
    settings = KEYS / "settings.json"
    settings.write_text(json.dumps(request["settings"]), encoding="utf-8")
    build = [sys.executable, "-m", "rehearsal.packages.build", "--step", request["asked"]["step"]]
    run(*build, "--out", str(HERE / "repo"), "--settings", str(settings))


def shared(request: Mapping[str, Any]) -> None:
    """The data of every clustered service."""
    twin = Twin.from_json(request["twin"]) if request["twin"] else None
    asked = Asked.from_json(request["asked"], twin)
    step, scenario = asked.step, asked.start()
    for service in step.services:
        if service.module not in scenario.without and service.name != "mariadb":
            for part in ("conf", "data", "log"):
                (SHARED / service.folder / part).mkdir(parents=True)
    for folder in scenario.folders:
        (SHARED / folder / "data").mkdir(parents=True)
    (SHARED / "httpd/conf/sysconfig").mkdir()
    icinga.prepare(SHARED / "icinga2", request["icinga"], KEYS / "icinga-ca.crt")
    sql = step.data(SHARED, scenario, request["settings"])
    mysql = SHARED / "mysql"
    database.prepare(mysql / "data", [*sql.statements, *scenario.sql], sql.lenient)
    database.install_configuration(mysql)


def qdevice(request: Mapping[str, Any]) -> None:
    """Certificates of corosync-qnetd and corosync-qdevice, when there is a voting node."""
    if not request["voting"]:
        return
    shutil.rmtree("/etc/corosync/qnetd/nssdb", ignore_errors=True)  # Debian's package made one
    run("corosync-qnetd-certutil", "-i")
    ca = "/etc/corosync/qnetd/nssdb/qnetd-cacert.crt"
    run(_CERTUTIL, "-i", "-c", ca)
    run(_CERTUTIL, "-r", "-n", "NetEye")
    node_request = "/etc/corosync/qdevice/net/nssdb/qdevice-net-node.crq"
    run("corosync-qnetd-certutil", "-s", "-c", node_request, "-n", "NetEye")
    run(_CERTUTIL, "-M", "-c", "/etc/corosync/qnetd/nssdb/cluster-NetEye.crt")
    for source, name in (
        ("/etc/corosync/qnetd/nssdb", "qnetd"),
        ("/etc/corosync/qdevice/net/nssdb", "qdevice"),
    ):
        run("cp", "-r", source, str(KEYS / name))


def configuration(request: Mapping[str, Any]) -> None:
    """Pacemaker has to take the configuration: a node that has another one never becomes ready.

    What it only warns of is as in the cluster that the configuration is from.
    """
    file = KEYS / "cib.xml"
    file.write_text(request["cib"], encoding="utf-8")
    words = ("crm_verify", "--verbose", "--xml-file", str(file))
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    told = f"{done.stdout}{done.stderr}".strip()
    if done.returncode != 0 and "Errors found" in told:
        raise Refused(" ".join(told.split()))


def pcsd(_: Mapping[str, Any]) -> None:
    """pcsd's certificate; one for all nodes."""
    self_signed("/CN=neteye.neteyelocal", KEYS / "pcsd.crt", KEYS / "pcsd.key")


if __name__ == "__main__":
    sys.exit(main())
