"""Which machine is behind a name, which cluster this is, and where its upgrade begins."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.findings.case import ALL_ROLES, Case, preflight
from tests.findings.cases_connection import inventory_corrected
from tests.findings.repairs import remedy_followed

if TYPE_CHECKING:
    from tests.findings.lab import Lab

AT_ONCE = ""
"""The run ends before its first step."""
_ID = "/etc/machine-id"
_RELEASE = "/etc/neteye-release"
_DNF = "/etc/dnf/dnf.conf"
_REPOSITORY = "/srv/repo/neteye-4.26"


def addresses_swapped(lab: Lab) -> None:
    """The inventory has the addresses of N and OTHER swapped."""
    first, second = (f"ansible_host={lab.cluster.topology.operative[n].address}\n" for n in (0, 1))
    lab.change(first, "@")
    lab.change(second, first)
    lab.change("@", second)


def address_of_the_cluster(lab: Lab) -> None:
    """The inventory has the cluster's own address, which is on N, for OTHER, with N's host key."""
    topology = lab.cluster.topology
    own = shutil.copytree(lab.cluster.ssh, lab.clone / "ssh")
    known = (own / "known_hosts").read_text().splitlines()
    first = str(topology.operative[0].address)
    known += [line.replace(first, str(topology.cluster_ip)) for line in known if first in line]
    (own / "known_hosts").write_text("\n".join(known) + "\n")
    config = own / "config"
    config.write_text(config.read_text().replace(str(lab.cluster.ssh), str(own)))
    lab.change(str(lab.cluster.ssh), str(own))
    lab.change(
        f"ansible_host={topology.operative[1].address}", f"ansible_host={topology.cluster_ip}"
    )


def id_emptied(lab: Lab) -> None:
    """/etc/machine-id of OTHER is empty."""
    lab.cluster.shell(lab.cluster.other, 'cat "$1" > "$1.away"; truncate -s 0 "$1"', _ID)


def id_copied(lab: Lab) -> None:
    """OTHER has N's machine id: both were made from one template."""
    lab.cluster.write(lab.cluster.other, _ID, lab.cluster.read(lab.cluster.active, _ID))


def another_name(lab: Lab) -> None:
    """The inventory is of a cluster of another name."""
    lab.give(runbook_cluster="branch.example.test")


def roles_swapped(lab: Lab) -> None:
    """The inventory has the Elastic-only node as voting-only node, and the other way round."""
    lab.change("[elastic_only]", "@")
    lab.change("[voting_only]", "[elastic_only]")
    lab.change("@", "[voting_only]")


def called_staging(lab: Lab) -> None:
    """The inventory calls staging what the nodes call a rehearsal."""
    lab.give(runbook_environment="staging")


def an_old_release(lab: Lab) -> None:
    """Every node says that it is at 4.24."""
    _release(lab, lab.cluster.shorts, "4.24")


def two_releases(lab: Lab) -> None:
    """OTHER says that it is at 4.26."""
    _release(lab, (lab.cluster.other,), "4.26")


def releases_reached(lab: Lab) -> None:
    """The nodes brought to 4.25 by the steps before this one, with service and support."""
    _release(lab, lab.cluster.shorts, "4.25")


def _release(lab: Lab, nodes: tuple[str, ...], version: str) -> None:
    for node in nodes:
        lab.cluster.shell(node, r'sed -i -E "s/4\.[0-9]+/$2/" "$1"', _RELEASE, version)


def other_settings_of_dnf(lab: Lab) -> None:
    """dnf.conf of OTHER has another line."""
    lab.cluster.shell(lab.cluster.other, 'echo "deltarpm=0" >> "$1"', _DNF)


def same_settings_of_dnf(lab: Lab) -> None:
    """The line taken out of dnf.conf."""
    lab.cluster.shell(lab.cluster.other, 'sed -i "/^deltarpm=0$/d" "$1"', _DNF)


def repository_silent(lab: Lab) -> None:
    """The repository of 4.26 has nothing for OTHER."""
    lab.cluster.run(lab.cluster.other, ("mount", "-t", "tmpfs", "none", _REPOSITORY))


def repository_answers(lab: Lab) -> None:
    """The repository of 4.26 brought back, with who runs it."""
    lab.cluster.run(lab.cluster.other, ("umount", _REPOSITORY))


IDENTITY: tuple[Case, ...] = (
    preflight(
        "addresses-swapped",
        AT_ONCE,
        "machine-mistaken",
        addresses_swapped,
        inventory_corrected,
        touches="inventory",
        hides="*",
    ),
    preflight(
        "address-of-the-cluster",
        AT_ONCE,
        "machine-twice",
        address_of_the_cluster,
        inventory_corrected,
        touches="inventory",
        hides="*",
    ),
    preflight(
        "machine-id-emptied",
        AT_ONCE,
        "machine-id-missing",
        id_emptied,
        remedy_followed,
        stays="OTHER has a new machine id",
        touches="machine-id",
        hides="*",
    ),
    preflight(
        "machine-id-copied",
        "preflight.machines",
        "machine-id-cloned",
        id_copied,
        remedy_followed,
        stays="the nodes have new machine ids",
        touches="machine-id",
    ),
    preflight(
        "another-cluster-name",
        AT_ONCE,
        "cluster-name-mismatch",
        another_name,
        inventory_corrected,
        touches="inventory",
        hides="*",
    ),
    preflight(
        "roles-swapped",
        "preflight.roles",
        "role-mismatch",
        roles_swapped,
        inventory_corrected,
        touches="inventory",
        nodes=ALL_ROLES,
    ),
    preflight(
        "rehearsal-called-staging",
        "preflight.environment",
        "rehearsal-marker",
        called_staging,
        inventory_corrected,
        touches="inventory",
    ),
    preflight(
        "release-4.24",
        "preflight.versions",
        "version-path",
        an_old_release,
        releases_reached,
        touches="release-file",
    ),
    preflight(
        "releases-mixed",
        "preflight.versions",
        "version-mixed",
        two_releases,
        releases_reached,
        touches="release-file",
    ),
    preflight(
        "dnf-set-otherwise",
        "preflight.sameness",
        "files-differ",
        other_settings_of_dnf,
        same_settings_of_dnf,
        touches="dnf-settings",
    ),
    preflight(
        "repository-silent",
        "preflight.repository",
        "target-repository",
        repository_silent,
        repository_answers,
        touches="repository",
    ),
)
