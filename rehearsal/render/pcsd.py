"""Files of pcsd that make every node trust every other one, without `pcs host auth`."""

import json

from rehearsal.render.corosync import PACEMAKER_NAME
from rehearsal.render.files import Files, text
from rehearsal.topology import Topology

_DIRECTORY = "/var/lib/pcsd"
_PORT = 2224


def pcsd_files(topology: Topology, token: str) -> Files:
    """Users, known hosts and cluster list; `token` is the secret that all nodes share."""
    names = [node.name for node in topology.operative]
    users = [{"token": token, "username": "hacluster", "creation_date": "Thu Jan 01 2026"}]
    known = {
        "format_version": 1,
        "data_version": 1,
        "known_hosts": {
            name: {"dest_list": [{"addr": name, "port": _PORT}], "token": token} for name in names
        },
    }
    settings = {
        "format_version": 2,
        "data_version": 1,
        "clusters": [{"name": PACEMAKER_NAME, "nodes": names}],
        "permissions": {
            "local_cluster": [
                {
                    "type": "group",
                    "name": "haclient",
                    "allow": ["grant", "read", "write"],
                }
            ]
        },
    }
    contents = {"pcs_users.conf": users, "known-hosts": known, "pcs_settings.conf": settings}
    return {
        f"{_DIRECTORY}/{name}": text(json.dumps(content, indent=2) + "\n", 0o600)
        for name, content in contents.items()
    }
