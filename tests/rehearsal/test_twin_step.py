"""A twin is a scenario as others are: its start, its record, its marker, its files on nodes."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from rehearsal import addresses, state
from rehearsal.bases import DEFAULT
from rehearsal.like import making, nodes
from rehearsal.like.twin import NAME, Twin
from rehearsal.render import identity
from rehearsal.to_4_26 import STEP
from rehearsal.to_4_26.first_start import first_start
from rehearsal.to_4_26.scenario import Scenario
from rehearsal.topology import DEFAULT_NETWORK, build
from tests.rehearsal import snapshots


def twin(content: dict[str, Any] | None = None, rows: str = "1") -> Twin:
    found = snapshots.content() if content is None else content
    return Twin.from_json({"snapshot": found, "sha256": "ab" * 32, "rows": rows})


def start(content: dict[str, Any] | None = None, *, seed: int = 1, login: str = "root") -> Scenario:
    made = twin(content)
    topology = build(counts=made.snapshot.counts, services=STEP.services)
    found = making.scenario(STEP, made, topology, login, seed)
    assert isinstance(found, Scenario)
    return found


def with_step(**more: Any) -> dict[str, Any]:
    content = snapshots.content()
    content["step"].update(more)
    return content


def with_node(number: int, **more: Any) -> dict[str, Any]:
    content = snapshots.content()
    content["cluster"]["nodes"][number - 1].update(more)
    return content


def test_the_same_seed_makes_the_same_twin_and_another_one_other_passwords() -> None:
    assert start(seed=5) == start(seed=5)
    assert start(seed=5).settings != start(seed=6).settings


def test_files_of_httpd_have_the_database_s_password_their_line_ends_and_mode() -> None:
    found = start()
    own = found.settings["passwords"]["ocsserver"]  # type: ignore[index]
    drawn = STEP.draw(1, found.for_settings())
    assert drawn["passwords"]["ocsserver"] == own
    assert drawn["passwords"]["glpi"]  # those that are not told are drawn as ever
    (first,), (second,) = (first_start(found, number, drawn) for number in (1, 2))
    assert first["argv"] == ["install", "-m", "640", "/dev/stdin", snapshots.CONF]
    assert f'PerlSetVar OCS_DB_PWD "{own}"\n' in first["stdin"]
    assert second["stdin"] == first["stdin"].replace("\n", "\r\n")
    assert found.settings["source_password_quoted"] is True


def test_nodes_that_do_not_agree_on_the_password_do_not_agree_in_the_twin() -> None:
    shape = {"length": 9, "classes": ["lower"]}
    places = [[{"node": f"node-{n}", "path": snapshots.CONF}] for n in (1, 2)]
    found = start(with_step(credentials=[{**shape, "on": one} for one in places]))
    texts = {file.text.replace("\r", "") for file in found.httpd_files}
    assert len(texts) == 2


def test_what_was_replaced_in_a_file_does_not_keep_httpd_from_starting() -> None:
    text = (
        "SiteDirective1 text-1\n<SiteDirective2>\n</SiteDirective2>\n"
        'PerlRequire "/path-1"\n<Perl>\nsite_code();\n</Perl>\n'
    )
    files = [{"node": "node-1", "path": snapshots.CONF, "text": text, "default": None}]
    found = start(with_step(httpd_files=files))
    lines = found.httpd_files[0].text.splitlines()
    assert lines[:3] == [
        "# SiteDirective1 text-1",
        "# <SiteDirective2>",
        "# </SiteDirective2>",
    ]
    assert "site_code" not in lines[5]
    assert found.before_start[0].argv[-1] == "/path-1"
    assert any("directives of OCS's files" in line for line in found.missing)


def test_who_lets_all_nodes_in_lets_the_nodes_of_the_twin_in() -> None:
    text = "Require ip 198.19.0.0/8\nRequire ip 192.0.2.7/24\n"
    files = [{"node": "node-1", "path": snapshots.CONF, "text": text, "default": None}]
    inside, outside = start(with_step(httpd_files=files)).httpd_files[0].text.splitlines()
    let_in = IPv4Network(inside.split()[-1])
    assert all(one.overlaps(let_in) for one in (DEFAULT_NETWORK, *addresses._OTHERS))
    assert outside == "Require ip 192.0.2.7/24"


def test_modules_of_the_site_are_there_for_httpd_to_load() -> None:
    text = (
        "PerlModule Site::Module1 Apache::DBI\n# PerlModule Site::Module3\n"
        "<Location /x>\nPerlResponseHandler Site::Module2\n</Location>\n"
    )
    files = [
        {"node": f"node-{n}", "path": snapshots.CONF, "text": text, "default": None} for n in (1, 2)
    ]
    steps = start(with_step(httpd_files=files)).before_start
    made = [step.argv[-2:] for step in steps if "package Site" in step.argv[-1]]
    assert made == [
        (f"/usr/share/perl5/Site/Module{n}.pm", f"package Site::Module{n}; sub handler {{ -1 }} 1;")
        for n in (1, 2)
    ]
    none = start(with_step(httpd_files=[{**files[0], "text": "PerlModule Apache::DBI\n"}]))
    assert not any("package Site" in step.argv[-1] for step in none.before_start)


@pytest.mark.parametrize("table", [None, "table"])
def test_of_a_table_of_which_nothing_is_told_there_is_what_every_rehearsal_has(
    table: str | None,
) -> None:
    told = dict.fromkeys(("column", "rows", "machines", "orphans"), None)
    empty = {"capacity": [], "others": 0, "agents": [], "last_contact_days": {}}
    found = start(with_step(memories={"table": table, **told, **empty}))
    assert not any("ocsweb.memories" in one for one in found.sql)
    assert any("the rows of ocsweb, of which the snapshot tells" in one for one in found.missing)


def test_without_the_asset_module_nothing_of_it_is_there() -> None:
    found = start(with_step(modules={"asset": False}))
    assert found.without == ("asset",)
    assert found.sql == found.httpd_files == ()


@pytest.mark.parametrize(
    ("versions", "installed"),
    [
        ({"neteye": {"4.25-2.neteye": ["node-1"]}}, "4.25"),
        ({"neteye": {"4.25-1.neteye": ["node-1"]}}, "4.25-base"),
        ({"neteye": {"4.25.7-1.neteye": ["node-1"]}}, "4.25-base"),
        ({}, "4.25-base"),
    ],
)
def test_updates_are_pending_unless_the_versions_say_that_none_are(
    versions: dict[str, Any], installed: str
) -> None:
    content = snapshots.content()
    content["cluster"]["packages"]["named"] = versions
    assert start(content).installed == installed


@pytest.mark.parametrize(
    ("pending", "installed"), [({"node-1": 0, "node-2": 0}, "4.25"), ({"node-2": 3}, "4.25-base")]
)
def test_what_nodes_have_said_of_their_updates_goes_before_versions(
    pending: dict[str, int], installed: str
) -> None:
    """A site's versions are never those of the rehearsal."""
    content = snapshots.content()
    for version in ("4.25-1.neteye", "4.25-2.neteye"):
        content["cluster"]["packages"] |= {
            "named": {"neteye": {version: ["node-1", "node-2"]}},
            "pending": pending,
        }
        assert start(content).installed == installed


def test_a_node_of_another_release_says_so() -> None:
    found = start(with_node(2, release="4.26"))
    assert (found.release, found.releases) == ("4.25", {2: "4.26"})


def test_a_node_has_the_leftovers_programs_and_settings_of_the_snapshot() -> None:
    repositories = [
        {"id": "neteye", "enabled": False, "exclude": "tornado"},
        {"id": "epel", "enabled": True, "exclude": "nginx*"},
    ]
    found = start(
        with_node(
            2,
            leftovers=[{"path": "/etc/path-1.rpmnew", "known": False}],
            programs_missing=["cmp"],
            forwarding=False,
            dnf={"settings": {"exclude": "kernel*", "plugins": "1"}, "repositories": repositories},
        )
    )
    steps = [step for step in found.before_start if step.where == 2]
    words = [step.argv[4:] for step in steps]
    assert words == [
        ("/etc/path-1.rpmnew",),
        ("/etc/dnf/dnf.conf", "exclude", "kernel*"),
        ("/etc/yum.repos.d/neteye.repo", "exclude", "tornado"),
        (
            *("[epel]", "name=epel, as in the snapshot"),
            *("baseurl=file:///usr/share/neteye-rehearsal/empty-repository", "enabled=1"),
            *("gpgcheck=0", "exclude=nginx*"),
        ),
        (),
        ("cmp",),
    ]
    assert any("settings of dnf: plugins" in line for line in found.missing)
    assert not any("patterns in rules" in line for line in found.missing)


def test_rules_about_packages_without_a_name_are_told() -> None:
    rules = {"exclude": "kernel* package-1", "includepkgs": "package-2 package-1"}
    told = start(
        with_node(
            2,
            dnf={
                "settings": {"exclude": rules["exclude"]},
                "repositories": [{"id": "epel", "enabled": True, **rules}],
            },
        )
    ).missing
    assert any("packages that 2 patterns in rules of dnf are about" in line for line in told)


@pytest.mark.parametrize(
    ("file_systems", "limited"),
    [
        ([("/", 500)], [("/var", 500), ("/neteye", 500)]),
        ([("/", 500), ("/var", 90000)], [("/neteye", 500)]),
        ([("/", 90000), ("/var/log", 5), ("/neteye/shared/mysql", 5)], []),
        ([], []),
    ],
)
def test_little_room_is_that_of_the_file_system_that_holds_a_directory(
    file_systems: list[tuple[str, int]], limited: list[tuple[str, int]]
) -> None:
    told = [{"at": at, "size_mb": 10**5, "free_mb": free} for at, free in file_systems]
    one = twin(with_node(1, file_systems=told)).snapshot.nodes[0]
    assert nodes.limited(one) == limited


@pytest.mark.parametrize(("become", "login"), [("root", "root"), ("sudo", "upgrade")])
def test_one_logs_in_as_to_the_snapshot_s_cluster(become: str, login: str) -> None:
    content = snapshots.content()
    for node in content["cluster"]["nodes"]:
        node["become"] = become
    assert making.login(twin(content)) == login
    assert not any("another login" in line for line in start(content, login=login).missing)


def test_the_marker_says_which_snapshot_which_scale_and_what_is_missing() -> None:
    found = start()
    topology = build(counts=twin().snapshot.counts, services=STEP.services)
    told = json.loads(identity.marker(topology, topology.nodes[0], found, DEFAULT))
    assert told["scenario"] == "twin"
    assert told["twin"]["snapshot"] == "ab" * 32
    assert told["twin"]["rows"] == "1"
    assert "DRBD's protocol and disks" in told["twin"]["missing"]


def test_the_record_of_a_cluster_gives_the_twin_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "ROOT", tmp_path)
    made = twin(rows="1/10")
    asked = state.Asked.from_json(
        {
            "name": "lab",
            "scenario": NAME,
            "seed": 4,
            "counts": {str(role): number for role, number in made.snapshot.counts.items()},
            "network": "10.125.27.0/24",
        },
        made,
    )
    place = state.State("lab")
    place.directory.mkdir()
    place.write(asked, "image")
    assert place.read() == (asked, "image")
    assert asked.start().description == (
        f"made like the cluster in snapshot {'ab' * 32}, rows 1/10"
    )
    (place.directory / "twin.json").write_text("{}", encoding="utf-8")
    assert place.read() is None  # half of a cluster is none
