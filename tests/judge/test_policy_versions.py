"""Version path, versions reached, pending updates, repositories, sameness across nodes."""

from __future__ import annotations

import pytest

from engine.judge.sameness import same_text
from engine.judge.versions import no_pending_updates, reached, start_versions
from engine.model.finding import Finding
from engine.model.host import Package, Version
from tests.judge import builders as b

SOURCE, TARGET = b.SOURCE, b.TARGET


def at(text: str) -> Version:
    return Version.parse(text)


def everywhere(text: str) -> dict[str, Version]:
    return dict.fromkeys(b.DEFAULT.all, at(text))


def test_all_at_the_source_may_start() -> None:
    assert start_versions(everywhere("4.25"), SOURCE, TARGET) == ()


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("4.21", "upgrade to 4.22, 4.23, 4.24, 4.25 first"),
        ("4.24", "upgrade to 4.25 first"),
        ("4.9", "4.10, 4.11"),
        ("4.26", "at the target 4.26 already"),
        ("4.27", "no way back"),
        ("3.25", "no path from 3.25"),
    ],
)
def test_any_other_start_is_refused_and_the_way_is_named(version: str, told: str) -> None:
    (finding,) = start_versions(everywhere(version), SOURCE, TARGET)
    assert (finding.code, finding.subject, finding.guide) == (
        "version-path",
        "cluster",
        ("no-skips",),
    )
    assert told in finding.remedy
    assert f"NetEye {version}" in finding.observed
    b.assert_told_well([finding])


def test_mixed_versions_name_the_nodes() -> None:
    versions = everywhere("4.25") | {b.THIRD: at("4.26"), b.ELASTIC: at("4.24")}
    findings = start_versions(versions, SOURCE, TARGET)
    assert b.codes(findings) == ["version-mixed", "version-path", "version-path"]
    assert [f.subject for f in findings] == [b.ELASTIC, b.THIRD, "cluster"]
    assert f"4.26 on {b.THIRD}" in findings[-1].observed


def test_no_version_at_all_is_no_start() -> None:
    assert b.codes(start_versions({}, SOURCE, TARGET)) == ["version-path"]


def test_reached_on_every_node() -> None:
    assert reached(everywhere("4.26"), TARGET, b.DEFAULT.all) == ()


def test_not_reached_on_a_voting_only_node_and_on_one_that_did_not_tell() -> None:
    versions = everywhere("4.26") | {b.VOTING: SOURCE}
    del versions[b.ELASTIC]
    findings = reached(versions, TARGET, b.DEFAULT.all)
    assert [(f.code, f.subject) for f in findings] == [
        ("version-not-reached", b.VOTING),
        ("version-not-reached", b.ELASTIC),
    ]
    b.assert_told_well(findings)


def packages(count: int) -> tuple[Package, ...]:
    return tuple(Package(f"tool{i}", "0", "1.0", "2", "noarch") for i in range(count))


def test_pending_updates_are_counted_by_node() -> None:
    assert no_pending_updates({b.N: ()}) == ()
    (finding,) = no_pending_updates({b.N: packages(7), b.SECOND: ()})
    assert (finding.code, finding.subject) == ("updates-pending", b.N)
    assert "7 packages" in finding.observed
    assert "tool0-1.0-2.noarch" in finding.observed
    assert "and 2 more" in finding.observed


class TestSameText:
    def judge(self, **texts: str | None) -> tuple[Finding, ...]:
        return same_text("/etc/dnf/dnf.conf", texts, "dnf-conf-differs", "dnf's settings")

    def test_the_same_everywhere(self) -> None:
        assert self.judge(a="x\n", b="x\n", c="x\n") == ()
        assert self.judge(a=None, b=None) == ()
        assert self.judge() == ()

    def test_one_differs_from_the_majority(self) -> None:
        usual = "[main]\ngpgcheck=1\nbest=True\n"
        (finding,) = self.judge(a=usual.replace("=1", "=0"), b=usual, c=usual)
        assert (finding.code, finding.subject) == ("dnf-conf-differs", "/etc/dnf/dnf.conf")
        assert "on a differs from b, c: -gpgcheck=1 | +gpgcheck=0" in finding.observed
        b.assert_told_well([finding])

    def test_each_variant_is_a_finding(self) -> None:
        findings = self.judge(a="x", b="y", c="z", d="x")
        assert ["on b" in findings[0].observed, "on c" in findings[1].observed] == [True, True]

    def test_without_a_majority_the_first_is_the_measure(self) -> None:
        (finding,) = self.judge(a="x", b="y")
        assert "on b differs from a: -x | +y" in finding.observed

    def test_missing_on_one(self) -> None:
        (finding,) = self.judge(a="x", b="x", c=None)
        assert "on c differs from a, b: it is missing there" in finding.observed

    def test_there_on_one_only(self) -> None:
        (finding,) = self.judge(a=None, b=None, c="x")
        assert "it is there and missing on the others" in finding.observed

    def test_blanks_and_line_ends_are_shown(self) -> None:
        assert "'+x '" in self.judge(a="x", b="x ")[0].observed
        assert "line ends differ" in self.judge(a="x\n", b="x")[0].observed

    def test_lines_that_look_like_a_header_are_shown(self) -> None:
        assert "---gone | +++new" in self.judge(a="--gone", b="++new")[0].observed

    def test_long_differences_are_cut(self) -> None:
        many = "\n".join(map(str, range(50)))
        (finding,) = self.judge(a="", b="", c=many)
        assert "46 more lines" in finding.observed
