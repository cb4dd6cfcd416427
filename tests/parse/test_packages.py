"""dnf's word about a node's packages. The outputs are dnf 4.14's, of the question's own script."""

from __future__ import annotations

import pytest

from engine.errors import ParseError
from engine.model.packages import PackageState, Rule, RuleKind
from engine.parse.packages import parse_package_state
from tests.parse.data import DATA, with_


def state(name: str) -> PackageState:
    return parse_package_state((DATA / "packages" / f"{name}.txt").read_text())


def names(packages: object) -> list[str]:
    return [f"{p.name}.{p.arch}" for p in packages]  # type: ignore[attr-defined]


def hidden(name: str) -> list[str]:
    return [p.name for p in state(name).hidden]


def test_what_is_behind_is_told_excludes_apart() -> None:
    seen = state("excluded")
    assert len(seen.behind) == 8
    assert [p.name for p in seen.offered] == ["neteye", "neteye-httpd", "neteye-setup"]
    assert hidden("excluded") == [
        *("icinga2-neteye", "icingaweb2", "nats-server-neteye", "ocsinventory-server", "tornado")
    ]
    assert seen.filtered == ()


def test_lines_that_exclude_are_told_with_file_and_line() -> None:
    rules = state("excluded").rules
    conf, repo = "/etc/dnf/dnf.conf", "/etc/yum.repos.d/neteye.repo"
    assert rules == (
        Rule(RuleKind.EXCLUDE, conf, 7, "main", ("*nats*", "icinga2*")),
        Rule(RuleKind.EXCLUDE, conf, 8, "main", ("tornado",)),
        # an indented line goes on with the value before it
        Rule(RuleKind.EXCLUDE, conf, 9, "main", ("icingaweb2-2.9*",)),
        Rule(RuleKind.EXCLUDE, "/etc/yum.repos.d/extras.repo", 5, "neteye-extras", ("neteye",)),
        Rule(RuleKind.EXCLUDE, repo, 7, "neteye", ("ocsinventory-server.noarch", "kernel*")),
    )
    assert rules[0].place == "/etc/dnf/dnf.conf:7"


def test_repositories_are_told_and_which_are_enabled() -> None:
    seen = state("excluded")
    assert set(seen.repositories) == {"neteye", "neteye-extras"}
    assert seen.enabled == ()
    text = (DATA / "packages/excluded.txt").read_text()
    for value in ("enabled=1", "enabled = true"):
        (one,) = parse_package_state(with_(text, "4\tenabled=0", f"4\t{value}")).enabled
        assert one in ("neteye", "neteye-extras")
    without_a_line = text.replace("/etc/yum.repos.d/neteye.repo\t4\tenabled=0\n", "")
    assert parse_package_state(without_a_line).enabled == ("neteye",)


def test_includes_hide_all_that_they_do_not_name() -> None:
    assert hidden("included") == [
        *("icinga2-neteye", "icingaweb2", "nats-server-neteye", "ocsinventory-server")
    ]
    (rule,) = state("included").rules
    assert (rule.kind, rule.patterns) == (RuleKind.INCLUDE, ("neteye*", "tor*"))


def test_locks_are_read_where_the_plugin_has_them() -> None:
    seen = state("locked")
    assert hidden("locked") == ["icinga2-neteye", "tornado"], "a name alone locks no version"
    assert [(rule.kind, rule.file, rule.line) for rule in seen.rules] == [
        (RuleKind.LOCK, "/etc/locks/list", 3),
        (RuleKind.LOCK, "/etc/locks/list", 4),
        (RuleKind.BAR, "/etc/locks/list", 5),
        (RuleKind.BAR, "/etc/locks/list", 6),
        (RuleKind.LOCK, "/etc/locks/list", 7),
    ]
    assert seen.rules[2].patterns == ("tornado-0:4.26-1.neteye.*",)


def test_a_list_without_the_plugin_locks_nothing() -> None:
    assert hidden("no-plugin") == []
    assert len(state("no-plugin").rules) == 1


def test_what_the_filter_of_module_streams_hides_is_told_apart() -> None:
    seen = state("modules")
    assert [p.name for p in seen.filtered] == hidden("modules") == ["nats-server-neteye"]
    assert seen.streams == ("enabled 2.7 (/etc/dnf/modules.d/nats.module:5)",)


def test_transactions_that_run_wait_or_failed() -> None:
    assert (state("plain").held, state("plain").failed) == ((), ())
    lock, offline = state("held").held
    (failed,) = state("held").failed
    assert "holds rpm's lock" in lock
    assert "/var/lib/dnf/system-upgrade" in offline
    assert "failed or was broken off: 1 -q -y --enablerepo=netey 2026-11-28" in failed


def test_what_is_there_twice() -> None:
    assert state("twice").duplicates == ("tilde-0:1.0-1.noarch", "tilde-0:1.0~rc1-1.noarch")


def test_which_is_older_is_dnfs_word() -> None:
    """Epochs, tildes, several kernels, two architectures, one package in the place of another."""
    behind = names(state("kinds-behind").behind)
    assert behind == [
        *("kernel-core.x86_64", "lib.i686", "lib.x86_64", "new-name.noarch", "tilde.noarch")
    ]
    assert names(state("kinds-partly").behind) == [
        *("lib.x86_64", "new-name.noarch", "tilde.noarch")
    ], "the newest kernel is there beside the old ones"
    assert state("kinds-reached").behind == ()


def test_carried_are_only_packages_that_are_installed() -> None:
    reached = state("kinds-reached")
    installed = {package.name for package in reached.installed}
    assert {package.name for package in reached.carried} <= installed
    assert "alone" in installed - {package.name for package in reached.carried}
    assert state("kinds-behind").version_of(reached.carried[0]) == "1.0-1, 2.0-1"


def test_pending_is_what_dnf_offers_and_what_is_hidden() -> None:
    seen = state("excluded")
    assert {p.name for p in seen.pending} == {p.name for p in seen.behind}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "part's head"),
        ("Error: x\n", "part's head"),
        ("== behind\nnonsense here\n", "name.arch"),
        ("== rules\nno tabs\n", "file, number and line"),
        ("== rules\n/etc/dnf/dnf.conf\t3\texclude\n", "KEY="),
        ("== held\nunheard\tof\n", "lock, offline, failed, yum"),
        ("== installed\nbash\t5\n", "separated by tabs"),
    ],
)
def test_what_can_not_be_read_is_an_error(text: str, what: str) -> None:
    with pytest.raises(ParseError, match=what):
        parse_package_state(text)
