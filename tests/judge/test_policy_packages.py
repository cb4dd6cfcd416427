"""What hides packages from dnf, and which a node lacks: judged on dnf's own outputs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.judge import packages as policy
from engine.model.finding import Finding
from engine.model.host import Package
from engine.model.packages import PackageState, Rule, RuleKind, Unreadable
from tests.judge import builders as b
from tests.judge.builders import TARGET
from tests.parse.test_packages import state

REPOSITORY = "neteye"


def hidden(**states: PackageState) -> tuple[Finding, ...]:
    return policy.hidden_packages(policy.hidden(states, REPOSITORY), TARGET)


def by_subject(findings: tuple[Finding, ...]) -> dict[str, str]:
    return {finding.subject: finding.observed for finding in findings}


def test_each_line_that_hides_packages_is_a_finding_with_what_it_hides() -> None:
    findings = hidden(n1=state("excluded"), n2=state("excluded"), n3=state("plain"))
    told = by_subject(findings)
    assert list(told) == [
        *("/etc/dnf/dnf.conf:7", "/etc/dnf/dnf.conf:9", "/etc/yum.repos.d/neteye.repo:7"),
        "/etc/dnf/dnf.conf:8",
    ]
    assert told["/etc/dnf/dnf.conf:7"] == (
        "exclude *nats* icinga2*: hides from dnf on n1, n2 what the repository of 4.26 has newer:"
        " icinga2-neteye, nats-server-neteye"
    )
    assert {finding.code for finding in findings} == {"packages-hidden"}
    b.assert_told_well(findings)


def test_a_line_of_another_repository_hides_nothing_of_this_one() -> None:
    """extras.repo excludes `neteye`, for itself."""
    findings = hidden(n1=state("excluded"))
    assert not any("extras.repo" in finding.subject for finding in findings)


@pytest.mark.parametrize(
    ("case", "subject", "packages"),
    [
        ("included", "/etc/yum.repos.d/neteye.repo:7", "icinga2-neteye, icingaweb2"),
        ("locked", "/etc/locks/list:3", "icinga2-neteye"),
        ("locked", "/etc/locks/list:5", "tornado"),
        ("modules", "n1", "nats-server-neteye"),
        ("modules", "n1", "here enabled 2.7 (/etc/dnf/modules.d/nats.module:5)"),
    ],
)
def test_includes_locks_and_module_streams_are_named(
    case: str, subject: str, packages: str
) -> None:
    assert packages in by_subject(hidden(n1=state(case)))[subject]


def test_a_lock_is_taken_away_by_dnf_and_a_line_by_a_person() -> None:
    locked = {f.subject: b.told(f) for f in hidden(n1=state("locked"))}
    assert all(node == "n1" for told in locked.values() for node, _ in told)
    lines = [line for told in locked.values() for _, line in told]
    assert lines
    assert all(line.startswith("dnf versionlock delete ") for line in lines)
    assert [f.commands for f in hidden(n1=state("excluded"))].count(()) > 0
    assert not any(f.commands for f in hidden(n1=state("excluded")))


def test_where_no_line_explains_it_the_node_is_named() -> None:
    seen = replace(state("excluded"), rules=())
    (told,) = by_subject(hidden(n1=seen)).values()
    assert "a plugin of dnf" in told


def test_lines_that_hide_nothing_are_told_too() -> None:
    seen = {"n1": state("locked"), "n2": state("no-plugin")}
    findings = policy.idle_rules(seen, REPOSITORY, TARGET)
    assert sorted(by_subject(findings)) == [
        "/etc/dnf/plugins/versionlock.list:1",
        "/etc/locks/list:4",
        "/etc/locks/list:6",
        "/etc/locks/list:7",
    ]
    b.assert_told_well(findings)


NEWER = Package("glpi", "1", "9.5.7", "1.el8", "noarch")


@pytest.mark.parametrize(
    ("pattern", "hides"),
    [
        *(("glpi", True), ("glp?", True), ("glpi.noarch", True), ("glpi-9.5*", True)),
        *(("glpi-1:9.5.7-1.el8.noarch", True), ("glpi-9.5.7-1.el8", True), ("GLPI", False)),
        *(("glpi.x86_64", False), ("glpi-plugin*", False), ("glpi-2:*", False)),
    ],
)
def test_patterns_are_read_as_dnf_reads_them(pattern: str, hides: bool) -> None:
    rule = Rule(RuleKind.EXCLUDE, "f", 1, "main", (pattern,))
    found = policy.rules_against(NEWER, PackageState(rules=(rule,)), REPOSITORY)
    assert bool(found) is hides


def test_a_repository_that_does_not_answer_or_has_nothing_of_the_node() -> None:
    findings = policy.repository_answers(
        {
            "n1": state("plain"),
            "n2": Unreadable("Error: Cannot download\nrepomd.xml"),
            "n3": PackageState(installed=(NEWER,)),
        },
        TARGET,
        REPOSITORY,
    )
    assert [(f.code, f.subject) for f in findings] == [
        ("target-repository", "n2"),
        ("target-repository", "n3"),
    ]
    assert "does not answer (Error: Cannot download repomd.xml)" in findings[0].observed
    assert "none of the packages that are installed" in findings[1].observed
    b.assert_told_well(findings)


def test_repositories_that_packages_came_from() -> None:
    origins = (("neteye", "a"), ("neteye-os", "b"), ("neteye-os", "c"), ("@commandline", "d"))
    seen = PackageState(origins=origins, repositories=("neteye",))
    (missing,) = policy.missing_repositories({"n1": seen}, REPOSITORY)
    assert (missing.code, missing.subject) == ("repository-missing", "n1")
    assert "2 packages came from repository 'neteye-os'" in missing.observed
    off = replace(seen, repositories=("neteye", "neteye-os"))
    (disabled,) = policy.missing_repositories({"n1": off}, REPOSITORY)
    assert disabled.code == "repository-disabled"
    on = replace(off, enabled=("neteye-os",))
    assert policy.missing_repositories({"n1": on}, REPOSITORY) == ()
    b.assert_told_well([missing, disabled])


def test_transactions_and_what_they_left() -> None:
    findings = policy.unfinished_transactions({"n1": state("held"), "n2": state("twice")})
    assert [(f.code, f.subject) for f in findings] == [
        *[("transaction-unfinished", "n1")] * 2,
        ("transaction-failed", "n1"),
        ("transaction-unfinished", "n2"),
    ]
    assert "tilde-0:1.0-1.noarch, tilde-0:1.0~rc1-1.noarch" in findings[3].observed
    assert [b.told(f) for f in findings] == [[], [], [], [("n2", "dnf -y remove --duplicates")]]
    b.assert_told_well(findings)


# after the command


def behind(left: policy.Left | None = None, **states: PackageState) -> tuple[Finding, ...]:
    return policy.packages_behind(states, REPOSITORY, left or {}, TARGET)


def test_packages_of_the_old_version_are_told_with_their_cause() -> None:
    (finding,) = behind(n1=state("excluded"), n2=state("reached"))
    assert (finding.code, finding.subject) == ("packages-behind", "n1")
    assert "icinga2-neteye 2.11.11-2.neteye instead of 2.11.12-1.neteye" in finding.observed
    assert (
        "hidden from dnf by exclude *nats* icinga2* in /etc/dnf/dnf.conf:7"
        " (icinga2-neteye, nats-server-neteye)"
    ) in finding.observed
    assert "nothing hides them from dnf (neteye, neteye-httpd, neteye-setup)" in finding.observed
    assert "run again: another round is started" in finding.remedy
    b.assert_told_well([finding])


def test_what_somebody_left_is_no_finding() -> None:
    names = [package.name for package in state("excluded").behind]
    assert behind({"n1": names}, n1=state("excluded")) == ()
    (finding,) = behind({"n1": names[1:], "n2": names}, n1=state("excluded"))
    assert finding.observed.startswith("1 packages are older")


def test_updates_that_are_left_after_the_update() -> None:
    (finding,) = policy.updates_left({"n1": state("excluded")}, REPOSITORY, {})
    assert (finding.code, finding.subject) == ("updates-left", "n1")
    assert "8 updates are left" in finding.observed
    assert policy.updates_left({"n1": state("reached")}, REPOSITORY, {}) == ()
    b.assert_told_well([finding])


def test_the_evidence_has_counts_and_names() -> None:
    assert str(policy.standing(state("reached"))) == "9 of 9 at its version"
    assert str(policy.standing(state("kinds-behind"))) == (
        "0 of 5 at its version, older: kernel-core, lib, tilde, newer: own, tool"
    )
    partly = policy.standing(state("kinds-partly"))
    assert (partly.level, partly.behind) == (1, ("lib", "tilde"))
    # an epoch and an own build are newer, and no command brings them back
    assert str(policy.standing(state("kinds-reached"))) == "4 of 6 at its version, newer: own, tool"
