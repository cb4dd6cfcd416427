"""The connection to the nodes and between them, and the answers that they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.findings import shims
from tests.findings.case import ALL_ROLES, Case, Start, green, preflight
from tests.findings.repairs import remedy_followed

if TYPE_CHECKING:
    from tests.findings.lab import Lab

_SSHD = "/etc/ssh/sshd_config.d/rehearsal.conf"
_KEY = "/root/.ssh/id_ed25519"


def nothing_listens(lab: Lab) -> None:
    """The inventory has a port of V at which nothing listens."""
    voting = lab.cluster.topology.voting
    assert voting is not None
    address = f"ansible_host={voting.address}"
    lab.change(address, f"{address} ansible_port=2")


def inventory_corrected(lab: Lab) -> None:
    """The line of the inventory corrected."""
    lab.text = ""


def no_way_to_sockets(lab: Lab) -> None:
    """sshd of the node without the database forwards to no Unix sockets, and its perl is broken."""
    node = _without_database(lab)
    edit = 'sed -i "1i AllowStreamLocalForwarding no" "$1"; systemctl reload ssh'
    lab.cluster.shell(node, edit, _SSHD)
    shims.put(lab, node, "perl", "echo 'perl: no such version' >&2; exit 2")


def perl_replaced(lab: Lab) -> None:
    """perl replaced, and the line taken out of sshd's configuration."""
    edit = 'sed -i "/^AllowStreamLocalForwarding no/d" "$1"; systemctl reload ssh'
    for node in lab.cluster.shorts:  # the database may have moved since
        shims.take(lab, node, "perl")
        lab.cluster.shell(node, edit, _SSHD)


def _without_database(lab: Lab) -> str:
    """Without the answers of the database no run goes on, whoever accepts that."""
    there = lab.cluster.node_of("mariadb")
    return next(n.short for n in lab.cluster.topology.operative if n.short != there)


def key_not_there(lab: Lab) -> None:
    """root of N has no key for the other nodes."""
    lab.on_active('mv "$1" "$1.away"', _KEY)


def key_there(lab: Lab) -> None:
    """root's key put back on N."""
    lab.on_active('mv "$1.away" "$1"', _KEY)


def name_elsewhere(lab: Lab) -> None:
    """/etc/hosts of OTHER has N's name at another address."""
    name, other = lab.cluster.node_name(0), lab.cluster.other
    lab.cluster.shell(
        other,
        'cp -a /etc/hosts /etc/hosts.away; sed -i "s/.* $1 .*/192.0.2.1 $1/" /etc/hosts',
        name,
    )


def name_corrected(lab: Lab) -> None:
    """The line of /etc/hosts corrected."""
    lab.cluster.shell(lab.cluster.other, "mv /etc/hosts.away /etc/hosts")


def space_told_as_nonsense(lab: Lab) -> None:
    """df of V prints what is no table."""
    shims.put(lab, _voting(lab), "df", "echo no table")


def df_replaced(lab: Lab) -> None:
    """The program replaced."""
    shims.take(lab, _voting(lab), "df")


def _voting(lab: Lab) -> str:
    voting = lab.cluster.topology.voting
    assert voting is not None
    return voting.short


def clock_ahead(lab: Lab) -> None:
    """The clock of OTHER is 95 s ahead."""
    shims.put(lab, lab.cluster.other, "date", 'exec "$REAL" -d "+95 seconds" "$@"')


def clock_set(lab: Lab) -> None:
    """The clock set right."""
    shims.take(lab, lab.cluster.other, "date")


def nobody_keeps_the_clock(lab: Lab) -> None:
    """chronyd is stopped on OTHER."""
    lab.cluster.run(lab.cluster.other, ("systemctl", "stop", "chronyd"))


def sshd_not_enabled(lab: Lab) -> None:
    """sshd, called as on RHEL, does not start with OTHER."""
    lab.cluster.shell(lab.cluster.other, _SSHD_OFF)


# Debian's name is ssh.service, and sshd.service only an alias that is gone when it is disabled
_SSHD_OFF = r"""
systemctl --quiet disable ssh
sed '/^Alias=/d' /lib/systemd/system/ssh.service > /etc/systemd/system/sshd.service
systemctl daemon-reload
"""


def much_to_carry(lab: Lab) -> None:
    """N has a load of 50 and next to no memory left."""
    lab.on_active(_BUSY)


def less_to_carry(lab: Lab) -> None:
    """A quieter time chosen."""
    lab.on_active("umount /proc/loadavg /proc/meminfo; rm /root/loadavg /root/meminfo")


_BUSY = r"""
echo '50.00 50.00 50.00 9/999 4711' > /root/loadavg
sed -E 's/^(MemAvailable|MemFree): .*/\1:  1024 kB/' /proc/meminfo > /root/meminfo
for name in loadavg meminfo; do mount --bind "/root/$name" "/proc/$name"; done
"""
ACCESS = "preflight.access"
CONNECTION: tuple[Case, ...] = (
    preflight(
        "port-where-nothing-listens",
        "preflight.reachable",
        "node-unreachable",
        nothing_listens,
        inventory_corrected,
        nodes=ALL_ROLES,
        touches="inventory",
        hides="df",
    ),
    preflight(
        "no-way-to-sockets",
        ACCESS,
        "forwarding-off",
        no_way_to_sockets,
        perl_replaced,
        touches="sshd perl",
    ),
    preflight(
        "key-not-there",
        ACCESS,
        "login-between-nodes",
        key_not_there,
        key_there,
        touches="ssh-key",
    ),
    preflight(
        "name-elsewhere",
        ACCESS,
        "name-misleading",
        name_elsewhere,
        name_corrected,
        touches="hosts-file",
    ),
    preflight(
        "space-told-as-nonsense",
        "preflight.space",
        "question-unanswered",
        space_told_as_nonsense,
        df_replaced,
        nodes=ALL_ROLES,
        touches="df",
    ),
    preflight(
        "clock-ahead",
        "preflight.clocks",
        "clock-difference",
        clock_ahead,
        clock_set,
        touches="clock",
    ),
    green(
        "nobody-keeps-the-clock",
        Start.PREFLIGHT,
        "preflight.clocks",
        "clock-unkept",
        strike=nobody_keeps_the_clock,
        repair=remedy_followed,
    ),
    green(
        "much-to-carry",
        Start.PREFLIGHT,
        "preflight.capacity_of_n",
        "active-node-load active-node-memory",
        strike=much_to_carry,
        repair=less_to_carry,
    ),
    green(
        "sshd-not-enabled",
        Start.PREFLIGHT,
        ACCESS,
        "sshd-not-enabled",
        strike=sshd_not_enabled,
        repair=remedy_followed,
        stays="its unit of sshd is another one",
    ),
)
