"""What a person does about nodes, pacemaker, votes, fencing, DRBD and Elasticsearch."""

from __future__ import annotations

from tests.findings import shims
from tests.findings.lab import Lab
from tests.findings.strikes_cluster import FAULTS, GO, at_rest, pcs, state, until


def support_brings_drbd_back(lab: Lab) -> None:
    """The commands printed; what has none (resync, suspended, quorum, input and output, Primary)
    is brought back with the vendor's support."""
    lab.follow_remedies()
    lab.on_operative('test ! -e "$1" || rm "$1"', FAULTS)


def causes_mended(lab: Lab) -> None:
    """What the site's resources lack is put there, then the commands printed."""
    lab.on_operative('touch "$1" "$1-probe"', GO)
    lab.follow_remedies()


def astray_settled(lab: Lab) -> None:
    """What a resource waits for is there, and the commands printed; pacemaker may stop what has
    no definition; with support the copy that nobody needs is ended on OTHER."""
    lab.on_operative('touch "$1"', GO)
    lab.follow_remedies()
    pcs(lab, "property", "set", "stop-orphan-resources=true")
    lab.cluster.shell(lab.cluster.other, 'rm "$1"', state("site-twice"))
    lab.on_active("crm_resource --refresh --resource site-twice --force")
    at_rest(lab)


def waited_for_other(lab: Lab) -> None:
    """What OTHER waits for is there, then the commands printed."""
    lab.on_operative('touch "$1"', GO)
    lab.follow_remedies()


def attributes_right(lab: Lab) -> None:
    """The disk mended and its agent content, pacemaker of OTHER as on N, the ticket granted: no
    other site holds it."""
    other = lab.cluster.node_name(1)
    lab.on_active('attrd_updater --node "$1" --name "#health-disk" --update green', other)
    query = 'attrd_updater --query --node "$1" --name "#feature-set" | grep -o \'value="[^"]*"\''
    version = lab.cluster.shell(lab.cluster.active, query, lab.cluster.node_name(0)).split('"')[1]
    set_ = 'attrd_updater --node "$1" --name "#feature-set" --update "$2"'
    lab.on_active(set_, other, version)
    lab.on_active("crm_ticket --ticket site --grant --force")
    at_rest(lab)


def fencing_answered(lab: Lab) -> None:
    """Waited for its end: it failed, the device is mended, the event is taken off the record."""
    lab.on_operative('touch "$1"', GO)
    path = "fence_history/fence_event[@status='pending']"
    until(lab, "no fencing under way", path, lambda found: not found)
    pcs(lab, "stonith", "history", "cleanup", lab.cluster.node_name(1))


def fencer_answers(lab: Lab) -> None:
    """The fencer mended, as pacemaker's log told: the history is told again."""
    shims.take(lab, lab.cluster.active, "crm_mon")


def controller_elected(lab: Lab) -> None:
    """After a look at the logs the cluster is stopped and started where `crmadmin -D` says."""
    said = lab.cluster.run(lab.cluster.active, ("crmadmin", "-D"))
    node = said.rpartition(": ")[2].partition(".")[0]
    for words in (("stop", "--force"), ("start", "--wait=300")):
        lab.cluster.run(node, ("pcs", "cluster", *words), timeout=320)
    at_rest(lab)
