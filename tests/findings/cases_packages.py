"""Packages that stay away, and files that packages leave for a person."""

from __future__ import annotations

from tests.findings import repairs
from tests.findings.breaking import from_start, green, preflight, red
from tests.findings.case import Case, Start

REPOSITORY = "preflight.repository"


def _left(scenario: str, step: str, nodes: str = "operative=2") -> Case:
    start, repair = Start.BEGINNING, repairs.leftover_migrated
    return red(scenario, start, step, "rpmnew-foreign", 1, repair, nodes=nodes)


PACKAGES_CASES: tuple[Case, ...] = (
    _left("rpmnew-in-update-other", "update.leftovers"),
    _left("rpmnew-in-upgrade-other", "upgrade.stop[1]"),
    _left("rpmsave-in-upgrade-active", "upgrade.stop[1]"),
    _left("rpmorig-in-upgrade-active", "upgrade.stop[1]"),
    _left("rpmnew-link-in-upgrade-other", "upgrade.stop[1]"),
    _left("rpmnew-in-upgrade-elastic-only", "upgrade.stop[1]", "operative=2,elastic=1,voting=1"),
    _left("rpmnew-in-upgrade-voting-only", "upgrade.stop[1]", "operative=2,elastic=1,voting=1"),
    preflight(
        "packages-excluded",
        REPOSITORY,
        "packages-hidden",
        repairs.excludes_removed,
        touches="dnf-excludes",
        needs="",
    ),
    preflight(
        "packages-excluded-in-repository",
        REPOSITORY,
        "packages-hidden",
        repairs.excludes_removed,
        touches="dnf-excludes",
        needs="",
    ),
    preflight(
        "update-waiting",
        REPOSITORY,
        "transaction-unfinished",
        repairs.nothing_waits,
        touches="dnf-transaction",
        needs="",
    ),
    green("kernel-excluded", Start.BEGINNING, REPOSITORY, "packages-rule-idle"),
    preflight(
        "repository-gone",
        REPOSITORY,
        "repository-missing",
        repairs.package_taken_again,
        touches="dnf-transaction packages",
        needs="",
    ),
    *(
        from_start(
            scenario, "verification.versions", "packages-behind", 1, repairs.excludes_removed
        )
        for scenario in ("packages-excluded-meanwhile", "ocs-excluded-meanwhile")
    ),
    from_start(
        "updates-excluded-meanwhile",
        "update.run",
        "updates-left",
        1,
        repairs.excludes_removed,
        leads_to=("packages-hidden",),
    ),
)
