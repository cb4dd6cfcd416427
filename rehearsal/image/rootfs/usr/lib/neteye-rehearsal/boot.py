#!/usr/bin/python3
"""First process of every node: makes it the node it is meant to be, then becomes systemd.

What differs between nodes comes from the read-only mount /.rehearsal: `files/` is copied over the
root directory, `boot.json` says which packages to install, which units to enable, who owns the
files, and what a scenario changes. All of that happens at the first start only; `boot.json` has the
words of systemd's command line, too. A node that was fenced and is started again takes back the
request that stopped it. For a saved state that is loaded, `placement.json` says where resources
ran: constraints for that go into pacemaker's configuration, and whoever loads the state takes them
out when all of it runs.
"""

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

SOURCE = Path("/.rehearsal")
DONE = Path("/var/lib/neteye-rehearsal-booted")
CIB = Path("/var/lib/pacemaker/cib/cib.xml")
LOG = Path("/var/log/neteye-rehearsal-boot.log")
WANTS = Path("/etc/systemd/system/multi-user.target.wants")


def main() -> None:
    plan = json.loads((SOURCE / "boot.json").read_text(encoding="utf-8"))
    Path(f"/.power/{plan['node']}.off").unlink(missing_ok=True)
    if not DONE.exists():
        first_start(plan)
        DONE.touch()
    if (SOURCE / "placement.json").exists():
        place(json.loads((SOURCE / "placement.json").read_text(encoding="utf-8")), CIB)
    os.execv("/sbin/init", ["/sbin/init", *plan["init"]])


def first_start(plan: dict[str, Any]) -> None:
    """Everything that makes this container this node."""
    for entry in plan["files"]:
        install(entry)
    enable(plan["units"])
    with LOG.open("w", encoding="utf-8") as log:
        for step in plan["steps"]:
            run(step, log)


def install(entry: dict[str, str]) -> None:
    """Copy one file to its place; directories that are there keep their owner and mode."""
    target = Path(entry["path"])
    parents = [parent for parent in target.parents if not parent.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(SOURCE / "files" / target.relative_to("/"), target)
    for path in (target, *parents):
        shutil.chown(path, entry["owner"], entry["group"])
    target.chmod(int(entry["mode"], 8))


def enable(units: list[str]) -> None:
    """Link units to the default target, as `systemctl enable` does."""
    WANTS.mkdir(exist_ok=True)
    for unit in units:
        places = (Path("/etc/systemd/system"), Path("/lib/systemd/system"))
        file = next((place / unit for place in places if (place / unit).exists()), None)
        if file is None:
            sys.exit(f"unit {unit} is not in the image")
        link = WANTS / unit
        link.unlink(missing_ok=True)
        link.symlink_to(file)


def place(constraints: dict[str, list[str]], cib: Path) -> None:
    """Put location constraints, id -> [resource, node], into a cluster's configuration at rest."""
    tree = ET.parse(cib)
    section = tree.find("configuration/constraints")
    if section is None:
        sys.exit(f"{cib} has no constraints element")
    for ident, (resource, node) in constraints.items():
        attributes = {"id": ident, "rsc": resource, "node": node, "score": "INFINITY"}
        ET.SubElement(section, "rsc_location", attributes)
    tree.write(cib, encoding="UTF-8", xml_declaration=True)  # in place: owner and mode stay
    # pacemaker refuses a file that does not match its signature, and accepts one without
    cib.with_name(f"{cib.name}.sig").unlink(missing_ok=True)


def run(step: dict[str, Any], log: Any) -> None:
    """Run one step (`argv`, optional `env` and `stdin`); a failure ends the start of the node."""
    environment = {**os.environ, "HOME": "/root", "LC_ALL": "C.UTF-8", **step.get("env", {})}
    log.write(f"# {' '.join(step['argv'])}\n")
    log.flush()
    done = subprocess.run(
        step["argv"],
        input=step.get("stdin", ""),
        text=True,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        sys.stderr.write(LOG.read_text(encoding="utf-8"))
        sys.exit(f"first start: `{' '.join(step['argv'])}` ended with {done.returncode}")


if __name__ == "__main__":
    main()
