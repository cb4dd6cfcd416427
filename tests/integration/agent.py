"""An agent that sends its inventory to the rehearsal's OCS server, which is a real one."""

from __future__ import annotations

import base64
import zlib

from tests.integration.clusters import TestCluster

AGENT = "OCS-NG_unified_unix_agent_v2.10.0"
DEVICE = "it-agent-2026-01-01-00-00-00"
# as ocsinventory-agent sends it: an empty slot has no CAPACITY
INVENTORY = f"""<?xml version="1.0" encoding="UTF-8"?>
<REQUEST><DEVICEID>{DEVICE}</DEVICEID><QUERY>INVENTORY</QUERY><CONTENT>
<HARDWARE><NAME>it-agent</NAME><CHECKSUM>262143</CHECKSUM><MEMORY>8192</MEMORY></HARDWARE>
<BIOS><SSN>1</SSN></BIOS>
<MEMORIES><CAPACITY>8192</CAPACITY><NUMSLOTS>0</NUMSLOTS><TYPE>DDR4</TYPE></MEMORIES>
<MEMORIES><NUMSLOTS>1</NUMSLOTS></MEMORIES>
</CONTENT></REQUEST>
"""
_POST = """
printf %s "$1" | base64 -d | curl --silent --output /dev/null --write-out '%{http_code}' \
  --user-agent "$2" --data-binary @- "http://$3/ocsinventory"
"""


def post(cluster: TestCluster, text: str) -> str:
    """The status of a POST to the address of httpd."""
    packed = base64.b64encode(zlib.compress(text.encode())).decode()
    node = cluster.node_of("httpd")
    words = ("crm_resource", "--resource", "httpd_virt_ip", "--get-parameter", "ip")
    return cluster.shell(node, _POST, packed, AGENT, cluster.run(node, words).strip())
