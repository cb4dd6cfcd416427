"""The script that asks dnf: what it passes on, what it keeps to itself, what it leaves behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from engine.errors import ParseError
from engine.model.answer import Answer
from engine.model.inventory import Role
from engine.model.packages import PackageState, Unreadable
from engine.model.query import Query
from engine.queries.machine import PACKAGES
from engine.queries.packages import HIDING, PENDING, REACHED, package_state, repository_state
from engine.transport.firewall import Firewall
from tests.judge import builders as b

# exit code 100: there are updates. Which are there depends on the options, as in dnf
DNF = r"""
echo "${DNF0:-none} $*" >> "$BASE/asked"
for word; do case $word in --setopt=cachedir=*) touch "${word#--setopt=cachedir=}";; esac; done
row() { echo; printf '%s.noarch   2.0-1   neteye\n' "$@"; }
[ ! -e "$BASE/broken" ] || { echo "Error: Cannot download repomd.xml" >&2; exit 1; }
case "$*" in
*"history list"*) printf '     3 | -y remove x   | 2026-11-27 22:10 | Removed | 1 ##\n';;
*--duplicates*) echo tool-0:1.0-1.noarch;;
*"list --installed"*) printf '%s\n' 'Installed Packages' \
  'tool.noarch          1.0-1       @neteye' 'a-very-long-name.of.a.package.x86_64' \
  '                     1:2.0-1     @neteye-os';;
*repoquery*) printf 'tool\t0\t2.0\t1\tnoarch\nother\t0\t1\t1\tnoarch\n';;
*module_hotfixes=1*check-update)
  [ ! -e "$BASE/modular-only" ] || { row modular; exit 100; }
  row tool bound modular; exit 100;;
*check-update)
  [ ! -e "$BASE/modular-only" ] || exit 0
  case "$*" in *disableexcludes=all*) row tool bound;; *) row tool;; esac; exit 100;;
esac
"""
RPM = r"""
[ ! -e "$BASE/damaged" ] || echo 'error: rpmdbNextIterator: skipping h#       2' >&2
case "$*" in
*--eval*) echo "$BASE";;
*NAME*EPOCH*) printf 'tool\t(none)\t1.0\t1\tnoarch\n';;
*) echo tool; [ ! -e "$BASE/twice" ] || echo tool;;
esac
"""


@pytest.fixture
def node(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    (tmp_path / "tmp").mkdir()
    for name, script in (("dnf", DNF), ("rpm", RPM)):
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\nBASE={tmp_path}\n{script}")
        program.chmod(0o755)
    return tmp_path


def run(node: Path, query: Query[object]) -> Answer:
    # without the login shell: this machine's profile would take the stand-ins out of the path
    done = subprocess.run(
        query.argv[4:],
        capture_output=True,
        check=False,
        timeout=60,
        env={"PATH": f"{node / 'bin'}:{os.environ['PATH']}", "TMPDIR": str(node / "tmp")},
    )
    return Answer(done.returncode, done.stdout, done.stderr, 0.0)


def ask(node: Path, parts: tuple[str, ...], version: str = "4.26") -> PackageState:
    query = package_state("neteye", version=version, parts=parts)
    answer = run(node, query)
    assert answer.code == 0, answer.errors
    return query.parse(answer)


def asked(node: Path) -> list[str]:
    return (node / "asked").read_text().splitlines()


def test_all_that_hides_is_told_apart(node: Path) -> None:
    seen = ask(node, HIDING)
    assert [p.name for p in seen.behind] == ["bound", "modular", "tool"]
    assert [p.name for p in seen.offered] == ["tool"]
    assert [p.name for p in seen.filtered] == ["modular"]
    assert [p.name for p in seen.hidden] == ["bound", "modular"]
    assert [p.name for p in seen.carried] == ["tool"], "only what is installed"
    assert seen.origins == (("neteye", "tool"), ("neteye-os", "a-very-long-name.of.a.package"))
    assert seen.failed == ("dnf's last transaction failed or was broken off: 3 -y remove x"
                         " 2026-11-27 22:10",)  # fmt: skip


def test_the_filter_of_modules_is_told_where_dnf_sees_nothing_at_all(node: Path) -> None:
    """After a round that brought all the rest: the list of what dnf offers is empty."""
    (node / "modular-only").touch()
    seen = ask(node, REACHED)
    assert seen.offered == ()
    assert [p.name for p in seen.hidden] == ["modular"]
    assert [p.name for p in seen.filtered] == ["modular"]


def test_dnf_is_asked_for_duplicates_only_where_rpm_has_some(node: Path) -> None:
    assert ask(node, HIDING).duplicates == ()
    (node / "twice").touch()
    assert ask(node, HIDING).duplicates == ("tool-0:1.0-1.noarch",)


@pytest.mark.parametrize("part", ["carried", "installed", "transactions"])
def test_a_list_of_rpm_that_leaves_a_package_out_is_no_answer(node: Path, part: str) -> None:
    """rpm ends with 0 all the same (findings/rpm-damaged-header-is-left-out.sh)."""
    (node / "damaged").touch()
    query = package_state("neteye", version="4.26", parts=(part,))
    answer = run(node, query)
    assert answer.code not in query.ok_codes
    assert "skipping h#" in answer.errors


@pytest.mark.parametrize("word", ["error", "Fehler"])
def test_a_list_of_packages_that_leaves_one_out_is_no_answer(word: str) -> None:
    said = f"warning: of no matter\n{word}: rpmdbNextIterator: skipping h#       2\n"
    row = b"tool\t(none)\t1.0\t1\tnoarch\n"
    with pytest.raises(
        ParseError, match=r"skipping h# +2.*may lack a package: `rpm -qa > /dev/null`"
    ):
        PACKAGES.parse(Answer(0, row, said.encode(), 0.0))
    warned = PACKAGES.parse(Answer(0, row, b"warning: of no matter\n", 0.0))
    assert [package.name for package in warned] == ["tool"]


def test_the_version_is_set_for_dnf_alone_and_only_when_it_is_given(node: Path) -> None:
    ask(node, PENDING)
    assert all(line.startswith("4.26 ") for line in asked(node))
    (node / "asked").unlink()
    ask(node, PENDING, version="")
    assert all(line.startswith("none ") for line in asked(node))


def test_nothing_is_left_behind(node: Path) -> None:
    for parts in (HIDING, REACHED):
        ask(node, parts)
    (node / "broken").touch()
    assert run(node, package_state("neteye")).code == 1
    assert list((node / "tmp").iterdir()) == []


def test_dnf_writes_to_no_place_of_its_own(node: Path) -> None:
    """By itself it makes a cache, and opens its history for writing: also for `list` (dnf 4.14)."""
    ask(node, HIDING)
    ask(node, REACHED)
    temporary = str(node / "tmp")
    assert all(f"--setopt=cachedir={temporary}/" in line for line in asked(node))
    history = [line for line in asked(node) if {"history", "list"} & set(line.split())]
    assert len(history) == 2
    assert all(f"--setopt=persistdir={temporary}/" in line for line in history)


def test_as_the_repository_has_it_is_without_excludes_and_locks(node: Path) -> None:
    ask(node, ("behind",))
    (line,) = asked(node)
    for option in (
        *("--disablerepo=*", "--enablerepo=neteye", "--disableexcludes=all"),
        "--setopt=neteye.skip_if_unavailable=0",
        *("--disableplugin=versionlock", "--setopt=neteye.module_hotfixes=1", "check-update"),
    ):
        assert option in line.split()


def test_as_dnf_has_it_is_as_the_node_is_configured(node: Path) -> None:
    ask(node, PENDING)
    (line,) = [line for line in asked(node) if "--disablerepo" not in line]
    assert "exclude" not in line
    assert "versionlock" not in line
    assert "--enablerepo=neteye" in line


def test_a_repository_that_can_not_be_read_is_an_observation_where_it_is_asked_for(
    node: Path,
) -> None:
    (node / "broken").touch()
    query = repository_state("neteye", "4.26")
    answer = run(node, query)
    assert answer.code in query.ok_codes
    assert query.parse(answer) == Unreadable("Error: Cannot download repomd.xml")
    assert 1 not in package_state("neteye").ok_codes


def test_the_firewall_lets_it_pass_everywhere() -> None:
    roles = ((b.N, Role.OPERATIVE), (b.ELASTIC, Role.ELASTIC_ONLY), (b.VOTING, Role.VOTING_ONLY))
    inventory = b.inventory(roles)
    guard = Firewall(inventory)
    for host in inventory.hosts:
        for query in (package_state("neteye"), repository_state("neteye", "4.26")):
            guard.check(host.name, query.argv)


RULES = r"""
[main]
# exclude=comment*
proxy_password=geheim
exclude = one*
# between
  two* three*
best=True
  exclude=four
[extra]
password = geheim
excludepkgs=five
"""


def test_only_the_lines_that_are_asked_for_leave_the_node(node: Path) -> None:
    """Beside them stand the passwords of proxies and repositories."""
    conf = node / "dnf.conf"
    conf.write_text(RULES)
    query = package_state("neteye", parts=("rules",))
    argv = [
        word.replace("/etc/dnf/dnf.conf", str(conf)).replace("/etc/yum.repos.d", str(node))
        for word in query.argv
    ]
    answer = run(node, Query(query.name, tuple(argv), query.parse))
    assert "geheim" not in answer.text
    seen = parse(answer)
    assert [(rule.line, rule.section, rule.patterns) for rule in seen.rules] == [
        (5, "main", ("one*",)),
        (7, "main", ("two*", "three*")),
        (12, "extra", ("five",)),
    ]


def parse(answer: Answer) -> PackageState:
    return package_state("neteye").parse(answer)
