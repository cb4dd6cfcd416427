"""corosync.conf for a topology (knet with encryption, qdevice with a voting node)."""

from rehearsal.topology import Node, Topology

PACEMAKER_NAME = "NetEye"
_TOKEN_MILLISECONDS = 5000  # as the vendor recommends; a shorter one would not gain start time


def corosync_conf(topology: Topology) -> str:
    """The text of /etc/corosync/corosync.conf, the same on every operative node."""
    nodes = "\n".join(_node(node) for node in topology.operative)
    return f"""totem {{
    version: 2
    cluster_name: {PACEMAKER_NAME}
    transport: knet
    crypto_cipher: aes256
    crypto_hash: sha256
    token: {_TOKEN_MILLISECONDS}
}}

nodelist {{
{nodes}
}}

quorum {{
{_quorum(topology)}
}}

logging {{
    to_logfile: yes
    logfile: /var/log/corosync/corosync.log
    to_syslog: yes
    timestamp: on
}}
"""


def _node(node: Node) -> str:
    return f"""    node {{
        ring0_addr: {node.address}
        name: {node.name}
        nodeid: {node.number}
    }}"""


def _quorum(topology: Topology) -> str:
    lines = ["    provider: corosync_votequorum"]
    if topology.voting is not None:
        lines += [
            "    device {",
            "        model: net",
            "        votes: 1",
            "        net {",
            "            algorithm: ffsplit",
            f"            host: {topology.voting.name}",
            "        }",
            "    }",
        ]
    elif len(topology.operative) == 2:
        lines.append("    two_node: 1")
    return "\n".join(lines)
