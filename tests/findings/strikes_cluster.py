"""What goes wrong with nodes, pacemaker, votes, fencing, DRBD and Elasticsearch.

What a strike adds and no remedy takes away is taken away when the case ends.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable

from rehearsal.run import wait_for
from tests.findings import shims
from tests.findings.lab import Lab
from tests.integration.clusters import SETTLE

FAULTS = "/etc/neteye-rehearsal/faults.json"
GO = "/run/site-may-go-on"
"""What the site's own units wait for, or need."""
DUMMY = "ocf:pacemaker:Dummy"
_UNITS = "/run/systemd/system"


def pcs(lab: Lab, *words: str) -> None:
    lab.cluster.run(lab.cluster.active, ("pcs", *words), timeout=300)


def at_rest(lab: Lab) -> None:
    """The cluster has nothing left to do."""
    lab.cluster.run(lab.cluster.active, ("crm_resource", "--wait", "--timeout=300"), timeout=320)


def until(lab: Lab, what: str, path: str, is_so: Callable[[list[ET.Element]], bool] = bool) -> None:
    """Wait until the elements of that path in crm_mon's answer are so."""

    def missing() -> str | None:
        text = lab.cluster.run(lab.cluster.active, ("crm_mon", "--output-as=xml"))
        return None if is_so(ET.fromstring(text).findall(path)) else what

    wait_for(what, missing, seconds=SETTLE)


def at_end(lab: Lab, *argv: str) -> None:
    """Run on N when the case ends."""
    lab.stack.callback(lab.cluster.run, lab.cluster.active, argv, timeout=300)


def properties_without(lab: Lab, *names: str) -> None:
    """When the case ends, properties that it did not have at its start are gone."""
    for name in names:
        at_end(lab, "crm_attribute", "--type", "crm_config", "--name", name, "--delete")


# the cluster and its nodes


def policies_unusual(lab: Lab) -> None:
    """Fencing is off although there are fence devices; without quorum what runs goes on."""
    pcs(lab, "property", "set", "stonith-enabled=false", "no-quorum-policy=freeze")
    at_rest(lab)


def properties_left(lab: Lab) -> None:
    """Maintenance mode, stop-all-resources and `no-quorum-policy=ignore` left by somebody."""
    properties_without(lab, "maintenance-mode", "stop-all-resources")
    pcs(lab, "property", "set", "maintenance-mode=true")
    at_rest(lab)
    pcs(lab, "property", "set", "stop-all-resources=true", "no-quorum-policy=ignore")
    at_rest(lab)


def nodes_set_aside(lab: Lab) -> None:
    """OTHER in standby, for good and until its next start; then N in maintenance mode."""
    active, other = lab.cluster.node_name(0), lab.cluster.node_name(1)
    until_start = ("--name", "standby", "--lifetime", "reboot", "--update", "on")
    lab.on_active('crm_attribute --node "$@"', other, *until_start)
    pcs(lab, "node", "standby", other, "--wait=300")
    pcs(lab, "node", "maintenance", active, "--wait=300")


def cluster_stopped_on_other(lab: Lab) -> None:
    """The cluster's services stopped on OTHER (`pcs cluster stop`)."""
    lab.cluster.run(lab.cluster.other, ("pcs", "cluster", "stop", "--force"), timeout=300)


def other_lost(lab: Lab) -> None:
    """OTHER is lost without a farewell, and its fence device is disabled."""
    other = lab.cluster.other
    pcs(lab, "stonith", "disable", f"fence_{other}", "--wait=300")
    stays_down = f"{_UNITS}/pacemaker.service.d"
    lab.cluster.shell(
        other,
        'mkdir -p "$1"; printf "[Service]\\nRestart=no\\n" > "$1/site.conf"\n'
        "systemctl daemon-reload\n"
        "pkill -KILL ^pacemaker; systemctl kill --signal=KILL corosync\n"
        'rm -r "$1"; systemctl daemon-reload',
        stays_down,
    )
    name = lab.cluster.node_name(1)
    until(lab, "OTHER unclean", f"nodes/node[@name='{name}'][@unclean='true']")
    until(lab, "a failed fencing", "fence_history/fence_event[@status='failed']")


def other_going_down(lab: Lab) -> None:
    """pacemaker is being stopped on OTHER, and a resource there takes its time."""
    other = lab.cluster.node_name(1)
    _unit(lab, "site-slow", start="/bin/true", stop=_WAIT)
    lab.on_operative('touch "$1"', GO)
    resource(lab, "site-slow", "systemd:site-slow", ("stop", "600s"))
    pcs(lab, "constraint", "location", "site-slow", "prefers", other)
    at_rest(lab)
    lab.on_operative('rm "$1"', GO)
    lab.cluster.run(lab.cluster.other, ("systemctl", "stop", "--no-block", "pacemaker"))
    until(lab, "OTHER shutting down", f"nodes/node[@name='{other}'][@shutdown='true']")


def no_controller(lab: Lab) -> None:
    """The configuration names no controller, as while the nodes elect one."""
    lab.on_active("""cibadmin --modify --xml-text '<cib dc-uuid="0"/>'""")
    until(lab, "no controller", "summary/current_dc[@present='false']")


def attributes_set(lab: Lab) -> None:
    """OTHER's disk is yellow to a health agent, pacemaker there says another feature set, and
    a ticket that a service hangs on was taken from this cluster."""
    other = lab.cluster.node_name(1)
    properties_without(lab, "node-health-strategy")
    pcs(lab, "property", "set", "node-health-strategy=migrate-on-red")
    lab.on_active('attrd_updater --node "$1" --name "#health-disk" --update yellow', other)
    lab.on_active('attrd_updater --node "$1" --name "#feature-set" --update 3.15.0', other)
    at_end(lab, "crm_ticket", "--ticket", "site", "--cleanup", "--force")
    at_end(lab, "pcs", "constraint", "ticket", "remove", "site", "nats-server_group")
    words = ("ticket", "add", "site", "nats-server_group", "loss-policy=freeze")
    lab.on_active("crm_ticket --ticket site --grant --force")
    pcs(lab, "constraint", *words)
    at_rest(lab)
    lab.on_active("crm_ticket --ticket site --revoke --force")
    at_rest(lab)


# resources


def services_touched(lab: Lab) -> None:
    """A service switched off, another one taken out of pacemaker's hands, a third one failed."""
    pcs(lab, "resource", "disable", "nats-server_group", "--wait=300")
    pcs(lab, "resource", "unmanage", "icinga2-master")
    node = f"{lab.cluster.node_of('glpi')}.neteyelocal"
    lab.on_active('crm_resource --fail --resource glpi --node "$1"', node)
    lab.cluster.until_failed_action()


def constraints_left(lab: Lab) -> None:
    """A ban by hand is left, and a rule will keep the cluster's address off N one day."""
    active, other = lab.cluster.topology.operative
    services = lab.cluster.topology.services
    # banned where it does not run, so that nothing moves
    there = next(one for one in services if lab.cluster.node_of(one.name) == active.short)
    pcs(lab, "resource", "ban", there.group, other.name)
    rule = ("rule", "constraint-id=one-day", "score=-INFINITY", "date", "gt", "2099-01-01")
    also = ("and", "#uname", "eq", active.name)
    pcs(lab, "--", "constraint", "location", "cluster_ip", *rule, *also)


def site_resources_down(lab: Lab) -> None:
    """Of the site's own resources one that is unmanaged has failed, one is blocked, one can't
    start anywhere, and a clone can't start on OTHER."""
    resource(lab, "site-failed", DUMMY)
    resource(lab, "site-blocked", DUMMY, monitor=("5s", "block"))
    _unit(lab, "site-stopped", start=f"/usr/bin/test -e {GO}")
    _unit(lab, "site-probe", start=f"/usr/bin/test -e {GO}-probe")
    lab.on_active('touch "$1-probe"', GO)
    resource(lab, "site-stopped", "systemd:site-stopped")
    resource(lab, "site-probe", "systemd:site-probe", clone=True)
    at_rest(lab)
    pcs(lab, "resource", "unmanage", "site-failed")
    node = f"{lab.cluster.node_of('site-failed')}.neteyelocal"
    lab.on_active('crm_resource --fail --resource site-failed --node "$1"', node)
    lab.cluster.shell(lab.cluster.node_of("site-blocked"), 'rm "$1"', state("site-blocked"))
    for name in ("site-failed", "site-blocked"):
        until(lab, f"{name} failed", f".//resource[@id='{name}'][@failed='true']")
    at_rest(lab)


def site_resources_astray(lab: Lab) -> None:
    """Of the site's own resources one runs twice, one was taken out of the configuration and
    runs on, one is starting."""
    properties_without(lab, "stop-orphan-resources")
    pcs(lab, "property", "set", "stop-orphan-resources=false")
    resource(lab, "site-twice", DUMMY, meta="multiple-active=block")
    resource(lab, "site-orphan", DUMMY, removed=False)
    at_rest(lab)
    lab.on_active("cibadmin --delete --xml-text '<primitive id=\"site-orphan\"/>'")
    lab.on_operative('touch "$1"', state("site-twice"))
    lab.on_active("crm_resource --refresh --resource site-twice --force")
    until(lab, "it runs twice", ".//resource[@id='site-twice']/node", lambda found: len(found) == 2)
    _unit(lab, "site-starting", start=_WAIT)
    resource(lab, "site-starting", "systemd:site-starting", ("start", "900s"))
    until(lab, "it is starting", ".//resource[@id='site-starting'][@role='Starting']")


_WAIT = f"/bin/sh -c 'until test -e {GO}; do sleep 0.3; done'"


def _unit(lab: Lab, name: str, start: str, stop: str = "/bin/true") -> None:
    """A unit of the site's on all operative nodes, for as long as the case lasts."""
    text = f"[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart={start}\nExecStop={stop}\n"
    text += "TimeoutSec=infinity\n"
    lab.on_operative('printf "%s" "$2" > "$1"; systemctl daemon-reload', _path(name), text)
    gone = 'rm -f "$1" "$2" "$2-probe"; systemctl daemon-reload; systemctl reset-failed || true'
    lab.stack.callback(lab.on_operative, gone, _path(name), GO)


def state(name: str) -> str:
    """The file that a resource of the agent Dummy runs as."""
    return f"/run/{name}.state"


def _path(name: str) -> str:
    return f"{_UNITS}/{name}.service"


def resource(
    lab: Lab,
    name: str,
    agent: str,
    patient: tuple[str, str] | None = None,
    *,
    monitor: tuple[str, str] | None = None,
    meta: str = "",
    clone: bool = False,
    removed: bool = True,
) -> None:
    """A resource of the site's; `patient`: operation and its timeout, `monitor`: interval and
    what a failure leads to."""
    operations = ("op", patient[0], "interval=0s", f"timeout={patient[1]}") if patient else ()
    if monitor:
        operations = ("op", "monitor", f"interval={monitor[0]}", f"on-fail={monitor[1]}")
    kept = (f"state={state(name)}",) if agent == DUMMY else ()
    words = (*kept, *operations, *(("meta", meta) if meta else ()), *(("clone",) if clone else ()))
    pcs(lab, "resource", "create", name, agent, *words)
    if removed:
        lab.stack.callback(at_rest, lab)
        at_end(lab, "pcs", "resource", "delete", name, "--force")


# fencing


def fencing_hangs(lab: Lab) -> None:
    """Somebody asked for a fencing of OTHER, and the device does not answer."""
    other, agent = lab.cluster.other, "/usr/sbin/fence_rehearsal"
    lab.on_operative(_HANGING, agent, GO)
    lab.stack.callback(lab.on_operative, 'mv "$1.away" "$1"; rm -f "$2"', agent, GO)
    device = f"fence_{other}"
    pcs(lab, "stonith", "update", device, "pcmk_off_timeout=900s")
    at_end(lab, "pcs", "stonith", "update", device, "pcmk_off_timeout=")
    at_rest(lab)
    asked = 'setsid stonith_admin --fence "$1" --timeout 900 >/dev/null 2>&1 </dev/null &'
    lab.on_active(asked, lab.cluster.node_name(1))
    until(lab, "a fencing under way", "fence_history/fence_event[@status='pending']")


def fencer_silent(lab: Lab) -> None:
    """pacemaker's fencer does not tell its history on N: crm_mon says that it got none."""
    shims.put(lab, lab.cluster.active, "crm_mon", _NO_HISTORY)


_NO_HISTORY = r"""
set -o pipefail
"$REAL" "$@" | sed -E '/<fence_history[^>]*\/>/d
  /<fence_history/,/<\/fence_history>/d
  s|^( *)<status code=|\1<fence_history status="62"/>\n&|'
"""
_HANGING = r"""
mv "$1" "$1.away"
cat > "$1" <<END
#!/bin/bash
# of a case: switching off does not come to an end until it fails
options=\$(cat)
case "\$options" in
  *action=off*) until test -e $2; do sleep 0.3; done; exit 1 ;;
esac
printf '%s\n' "\$options" | $1.away "\$@"
END
chmod 755 "$1"
"""


# votes, DRBD and Elasticsearch


def vote_and_member_lost(lab: Lab) -> None:
    """corosync-qnetd stopped on V, Elasticsearch on E."""
    voting, elastic = lab.cluster.topology.voting, lab.cluster.topology.elastic[0]
    assert voting is not None
    lab.cluster.run(voting.short, ("systemctl", "stop", "corosync-qnetd"))
    lab.cluster.run(elastic.short, ("systemctl", "stop", "elasticsearch"))
    tool = "corosync-quorumtool -s | grep -q ',NV,'"
    for node in lab.cluster.topology.operative:
        _until_on(lab, node.short, "the qdevice has no vote", tool)


def quorum_lost(lab: Lab) -> None:
    """The cluster's services stopped on OTHER, then corosync-qnetd on V, where a partition without
    quorum goes on with what runs (`no-quorum-policy=freeze`).

    In that order: what runs on OTHER can only move to N while there is quorum.
    """
    pcs(lab, "property", "set", "no-quorum-policy=freeze")
    at_end(lab, "pcs", "property", "set", "no-quorum-policy=stop")
    at_rest(lab)
    voting = lab.cluster.topology.voting
    assert voting is not None
    cluster_stopped_on_other(lab)
    at_rest(lab)
    lab.cluster.run(voting.short, ("systemctl", "stop", "corosync-qnetd"))
    until(lab, "no quorum", "summary/current_dc[@with_quorum='false']")


def _until_on(lab: Lab, node: str, what: str, script: str) -> None:
    def missing() -> str | None:
        return lab.cluster.shell(node, f"if {script}; then :; else echo {what!r}; fi") or None

    wait_for(what, missing, seconds=SETTLE)


def drbd_degraded(lab: Lab) -> None:
    """DRBD: a disk detached, a resource without any connection, one in a resync, one suspended,
    one without quorum, one that fails all input and output, one Primary on both nodes."""
    active = {
        "mariadb": {"suspended": True},
        "httpd": {"quorum": False},
        "glpi": {"replication-state": "SyncSource", "peer-disk-state": "UpToDate"},
        "icinga2-master": {"force-io-failures": True},
        "nats-server": {"role": "Primary"},
    }
    other = {
        "nats-server": {"role": "Primary"},
        "ocsinventory-server": {"disk-state": "Diskless"},
        "icinga2-master": {"alone": True},
    }
    for node, content in ((lab.cluster.active, active), (lab.cluster.other, other)):
        lab.cluster.write(node, FAULTS, json.dumps({"drbd": content}))
    lab.stack.callback(lab.on_operative, 'rm -f "$1"', FAULTS)
