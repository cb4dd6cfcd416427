"""Long answers of the made-up cluster, each with names of its owner wherever one can stand."""

from __future__ import annotations

import json
from pathlib import Path

_DATA = Path(__file__).parents[1] / "data" / "snapshot"
CONFIGURATION = (_DATA / "cib.xml").read_text()
STATUS_NOW = (_DATA / "crm_mon.xml").read_text()
CONF = (_DATA / "ocsinventory-server.conf").read_text()
RESTAPI = (_DATA / "ocsinventory-server-restapi.conf").read_text()
BESIDE = (_DATA / "packages.txt").read_text()


def _drbd(role: str, *, is_client: bool) -> str:
    def resource(name: str) -> dict[str, object]:
        device = {
            "volume": 0,
            "disk-state": "Diskless" if is_client else "UpToDate",
            "client": is_client,
            "quorum": True,
        }
        peer = {
            "name": "berlin02",
            "connection-state": "Connected",
            "peer-role": "Secondary",
            "peer_devices": [
                {
                    "volume": 0,
                    "replication-state": "Established",
                    "peer-disk-state": "UpToDate",
                    "peer-client": False,
                }
            ],
        }
        return {
            "name": name,
            "role": role,
            "suspended": False,
            "devices": [device],
            "connections": [peer],
        }

    return json.dumps([resource("httpd"), resource("acmeportal")], indent=1)


DRBD_OF = {
    "operative": _drbd("Primary", is_client=False),
    "voting_only": _drbd("Secondary", is_client=True),
}
