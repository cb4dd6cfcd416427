"""What a snapshot has of the made-up cluster, and when none is made."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UsageError
from engine.queries.pacemaker import CIB, STATUS
from engine.snapshot.guard import NotWritten, refuse_names
from engine.snapshot.names import Names, Vocabulary
from engine.snapshot.shapes import count_of, is_harmless, shape_of_secret, version_in
from runbook.to_4_26.memories import capacity
from runbook.to_4_26.names import CONF_FILES
from runbook.to_4_26.snapshot import questions
from runbook.to_4_26.snapshot.conf_text import without_names
from tests.evidence.schemas import problems
from tests.snapshot.recording import NODES, Recording, rows_answer


def document_of(archive: Path) -> dict[str, Any]:
    with tarfile.open(archive) as file:
        member = file.extractfile("snapshot.json")
        assert member is not None
        found: dict[str, Any] = json.loads(member.read())
        return found


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path)


@pytest.fixture
def document(recording: Recording) -> dict[str, Any]:
    return document_of(recording.archive())


@pytest.fixture
def pacemaker(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["cluster"]["pacemaker"]
    return found


def test_it_is_as_the_schema_has_it(document: dict[str, Any]) -> None:
    assert problems("snapshot", document) == []
    assert problems("snapshot", {**document, "more": 1})
    document["cluster"]["nodes"][0]["name"] = "berlin01"
    assert problems("snapshot", document)


def test_the_same_record_gives_the_same_bytes(recording: Recording) -> None:
    first = recording.archive().read_bytes()
    assert recording.archive().read_bytes() == first


def test_nodes_stand_by_role_with_what_a_twin_needs(document: dict[str, Any]) -> None:
    nodes = document["cluster"]["nodes"]
    assert [node["name"] for node in nodes] == ["node-1", "node-2", "node-3", "node-4"]
    assert [node["role"] for node in nodes] == list(NODES.values())
    first, second = nodes[:2]
    assert [node["active"] for node in nodes] == [True, False, False, False]
    assert [node["standby"] for node in nodes] == [False, True, False, False]
    assert (first["become"], first["through_jump_host"]) == ("sudo", True)
    assert (first["forwarding"], second["forwarding"]) == (True, False)
    assert (first["memory_mb"], first["processors"]) == (16000, 8)
    assert [one["at"] for one in first["file_systems"]] == ["/", "/var", "/path-1"]
    assert first["programs_missing"] == ["cmp"]
    assert first["leftovers"] == [
        {"path": "/etc/httpd/conf.d/path-2.rpmnew", "known": False},
        {"path": "/etc/httpd/conf.d/ocsinventory-server.conf.rpmnew", "known": True},
        {"path": "/etc/my.cnf.rpmsave", "known": False},
    ]


def test_dnf_is_told_by_switches_and_rules(document: dict[str, Any]) -> None:
    dnf = document["cluster"]["nodes"][0]["dnf"]
    assert dnf["settings"] == {"gpgcheck": "1", "best": "True", "exclude": "kernel* package-1"}
    assert dnf["repositories"] == [
        {"id": "neteye", "enabled": False},
        {"id": "repository-1", "enabled": True, "includepkgs": "package-2 glpi"},
    ]
    assert [lock["kind"] for lock in dnf["locks"]] == ["versionlock"]


def test_packages_of_the_vendor_are_named_and_others_counted(document: dict[str, Any]) -> None:
    packages = document["cluster"]["packages"]
    assert packages["named"]["neteye"] == {
        "4.25-1.neteye": ["node-1", "node-2", "node-3", "node-4"]
    }
    # somebody built the vendor's package anew: what was added to its release is replaced
    assert list(packages["named"]["glpi"]) == ["1:9.5.6-1.build-1"]
    assert packages["others"]["node-1"] == 1
    # of all repositories: one of the vendor's, one of the site's
    assert packages["pending"] == dict.fromkeys(("node-1", "node-2", "node-3", "node-4"), 2)


def test_resources_keep_agents_times_and_order(pacemaker: dict[str, Any]) -> None:
    resources = {one["id"]: one for one in pacemaker["resources"]}
    assert list(resources) == [
        *("fence-1", "cluster_ip", "httpd_group", "service-01_group", "service-03-clone"),
        *("service-04_ms", "service-05"),
    ]
    fence = resources["fence-1"]
    assert fence["agent"] == "stonith:fence_ipmilan"
    assert fence["parameters"] == dict.fromkeys(
        ("ip", "parameter-1", "password", "pcmk_host_list", "username"), "*"
    )
    assert fence["fences"] == ["node-1"]
    assert fence["operations"] == [{"interval": "60s", "name": "monitor", "on-fail": "ignore"}]
    group = resources["httpd_group"]
    assert [one["id"] for one in group["members"]] == ["httpd_virt_ip", "httpd"]
    assert group["meta"] == {"target-role": "Started", "meta-1": "*"}
    # of its template
    address = group["members"][0]
    assert (address["agent"], address["meta"]) == ("ocf:heartbeat:IPaddr2", {"priority": "5"})
    assert address["operations"] == [{"interval": "30s", "name": "monitor", "timeout": "20s"}]
    own = resources["service-01_group"]["members"]
    assert [one["id"] for one in own] == ["service-01_virt_ip", "service-01", "service-02"]
    assert [one["agent"] for one in own][1:] == ["systemd:service-01", "ocf:provider-1:agent-1"]
    assert resources["service-04_ms"]["kind"] == "promotable"
    assert resources["service-05"]["kind"] == "bundle"


def test_constraints_keep_what_decides(pacemaker: dict[str, Any]) -> None:
    found = {one["id"]: one for one in pacemaker["constraints"]}
    assert found["cli-ban-httpd_group-on-node-2"] == {
        "id": "cli-ban-httpd_group-on-node-2",
        "kind": "location",
        "rsc": "httpd_group",
        "node": "node-2",
        "score": "-INFINITY",
        "role": "Started",
    }
    (rule,) = found["constraint-3"]["rules"]
    assert [one["value"] for one in rule["expressions"]] == ["value-1", "node-2"]
    assert rule["date_expressions"][0]["date_specs"] == [{"hours": "8-17"}]
    # the attribute that it goes by is the one that the node has
    assert rule["expressions"][0]["attribute"] == "attribute-1"
    assert pacemaker["node_attributes"]["node-1"]["attribute-1"] == "value-1"
    order = found["order-service-01_group-httpd_group-mandatory"]
    assert (order["kind"], order["order_kind"]) == ("order", "Mandatory")
    assert (order["first"], order["then"]) == ("service-01_group", "httpd_group")
    sets = found["constraint-8"]["resource_sets"]
    assert sets == [{"sequential": "false", "resources": ["httpd", "service-01"]}]
    assert found["constraint-9"]["ticket"] == "ticket-1"


def test_the_rest_of_pacemaker(pacemaker: dict[str, Any]) -> None:
    assert pacemaker["properties"] == {
        "cluster-name": "*",
        "stonith-enabled": "true",
        "dc-version": "2.1.2",
        "last-lrm-refresh": "*",
        "property-1": "*",
    }
    assert [level["devices"] for level in pacemaker["fencing_topology"]] == [["fence-1"]] * 3
    assert pacemaker["fencing_topology"][0]["target"] == "node-1"
    assert pacemaker["running"]["service-01"] == ["node-1"]
    assert pacemaker["disabled"] == ["service-01"]
    assert pacemaker["unmanaged"] == ["service-01"]
    assert pacemaker["failed"] == [
        {"resource": "service-01", "operation": "monitor", "node": "node-1", "code": 7}
    ]
    assert pacemaker["fail_counts"][0]["count"] == "3"
    assert pacemaker["left_out"] == {"acls": 1, "alerts": 1, "rules_of_settings": 1, "tags": 1}


def test_drbd_and_quorum(document: dict[str, Any]) -> None:
    assert document["cluster"]["quorum"]["votes"] == {"node-1": 1, "node-2": 1}
    drbd = {one["name"]: one for one in document["cluster"]["drbd"]}
    assert drbd["service-01"]["diskless"] == ["node-4"]
    assert document["cluster"]["names"]["services"]["httpd"] == "vendor"
    assert document["cluster"]["names"]["services"]["service-01"] == "site"


def test_the_files_keep_settings_and_lose_names(document: dict[str, Any]) -> None:
    files = {one["path"]: one["text"] for one in document["step"]["httpd_files"]}
    lines = [line.strip() for line in files[CONF_FILES[1]].splitlines()]
    assert lines[0] == "# comment"
    for line in (
        "PerlSetEnv OCS_DB_HOST host-1",
        'PerlSetVar OCS_DB_PWD "@PASSWORD@"',
        "# PerlSetEnv OCS_OPT_LOGLEVEL 2",
        "# PerlSetVar OCS_DB_PWD @PASSWORD@",
        "AuthLDAPBindPassword @SECRET@",
        "SetHandler perl-script",
        "PerlHandler Apache::Ocsinventory",
        "PerlModule Site::Module1",
    ):
        assert line in lines, line
    assert any(line.startswith("Require ip 198.19.0.0/16 ") for line in lines), "of all nodes"
    api = files[CONF_FILES[0]]
    assert "$ENV{OCS_DB_HOST} = 'host-1';" in api, "the same host as in the other file"
    assert "# $ENV{OCS_DB_PORT} = '3307';" in api
    assert "site_code();" in api, "code stays code: the merge asks a person"


def test_passwords_are_shapes_that_tell_where_they_are_the_same(document: dict[str, Any]) -> None:
    (one,) = document["step"]["credentials"]
    assert (one["length"], len(one["on"])) == (18, 4)
    assert one["classes"] == ["lower", "upper", "digit", "punctuation"]


def test_values_are_counted_by_class_agent_and_shape(document: dict[str, Any]) -> None:
    memories = document["step"]["memories"]
    assert (memories["rows"], memories["machines"], memories["orphans"]) == (10**7, 10**6, 5)
    assert memories["others"] == 10**7 - 9_000_144
    assert [one["literal"] for one in memories["capacity"]] == ["4096", None, "No", None, "512 MB"]
    assert memories["capacity"][3]["agent"] == memories["agents"][1]["agent"] == "agent-2"
    assert memories["last_contact_days"] == {"0": 120, "never": 2}


def test_glpis_servers_are_shapes(document: dict[str, Any]) -> None:
    vendors, own = document["step"]["glpi_servers"]
    assert (vendors["user"], vendors["host"]) == ("glpi_ocsinventoryng", "mariadb.neteyelocal")
    assert (own["user"], own["connection"], own["password"]) == ("user-1", "soap", "none")


@pytest.mark.parametrize("question", [CIB.name, STATUS.name])
def test_without_the_clusters_answers_there_is_none(recording: Recording, question: str) -> None:
    recording.events = [e for e in recording.events if e.get("question") != question]
    with pytest.raises(UsageError, match=rf"no answer to '{question}'"):
        recording.archive()
    assert not (recording.directory / "snapshot.tar.gz").exists()


def test_without_the_other_answers_it_lacks_them_and_says_so(recording: Recording) -> None:
    kept = (CIB.name, STATUS.name)
    recording.events = [e for e in recording.events if e.get("question") in kept]
    archive = recording.archive()
    document = document_of(archive)
    assert problems("snapshot", document) == []
    assert document["cluster"]["nodes"][0]["memory_mb"] is None
    told = document["step"]["memories"]
    assert (told["table"], told["rows"]) == (None, None), "not asked is not: none are there"
    with tarfile.open(archive) as file:
        index = file.extractfile("index.txt")
        assert index is not None
        said = index.read().decode()
    assert "What could not be had\n" in said
    assert "- memory\n" in said


@pytest.mark.parametrize("again", [False, True], ids=["never answered", "answered later"])
def test_what_one_node_did_not_answer_is_lacking(recording: Recording, again: bool) -> None:
    """Such as a file with a byte that is of no text: the other node's is there."""
    name = questions.name_of_file("/etc/httpd/conf.d/ocsinventory-server.conf")
    place = next(n for n, e in enumerate(recording.events) if e.get("question") == name)
    good = recording.events[place]
    recording.events[place] = {**good, "problem": "can't be read"}
    recording.events += [good] if again else []
    archive = recording.archive()
    with tarfile.open(archive) as file:
        index = file.extractfile("index.txt")
        assert index is not None
        lines = index.read().decode().splitlines()
    assert (f"- {name}: not of every node" in lines) is not again


def test_of_a_plan_without_the_option_values_are_told_by_class_and_agent(
    recording: Recording,
) -> None:
    """As every plan counts them."""
    recording.events = [
        event
        for event in recording.events
        if event.get("question") not in (questions.HISTOGRAM.name, questions.SIZES.name)
    ]
    counted = {"kind": "integer", "values_count": 90, "machines_count": 9}
    text = {"kind": "text", "values_count": 10, "machines_count": 3}
    of_agent = {**text, "agent": "OCS-NG_unified_unix_agent_v2.1.1", "known": 1}
    recording.events += [
        rows_answer(capacity.COUNTS.name, counted, text),
        rows_answer(capacity.by_agent().name, of_agent),
    ]
    document = document_of(recording.archive())
    assert problems("snapshot", document) == []
    memories = document["step"]["memories"]
    assert memories["rows"] == 100
    assert [(one["class"], one["rows"], one["known"]) for one in memories["capacity"]] == [
        *(("integer", 90, True), ("text", 10, True)),
    ]


def test_one_of_another_upgrade_is_refused(recording: Recording) -> None:
    changed = {**recording.begun, "target": "4.27"}
    with pytest.raises(UsageError, match="use the version that made it"):
        recording.with_begun(changed).archive()


FIXED = ("httpd", "neteye", "node", "master-server")


@pytest.mark.parametrize(
    "said",
    [
        "berlin01.acme.example",
        "BERLIN01.ACME.EXAMPLE",
        "x berlin01.acme.example:3306",
        "example.acme.berlin01",
        "elpmaxe.emca.10nilreb",
        "YmVybGluMDEuYWNtZS5leGFtcGxl",
        b"berlin01.acme.example".hex(),
    ],
)
def test_the_guard_finds_a_name_in_each_form(said: str) -> None:
    originals = {"berlin01.acme.example": "the name of a node"}
    refuse_names({"a": ["node-1", {"b": "berlin012.acme.example2"}]}, originals, FIXED)
    with pytest.raises(NotWritten, match="held the name of a node, so") as error:
        refuse_names({"a": ["node-1", {"b": said}]}, originals, FIXED)
    assert "berlin" not in str(error.value)
    with pytest.raises(NotWritten):
        refuse_names({"a": {said: 1}}, originals, FIXED)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("10.1.2.3", "an address"),
        ("Require ip 172.16.0.0/16", "an address"),
        ("00:50:56:aa:bb:cc", "a hardware address"),
        ("x@acme.example", "a mail address"),
        ("Wint3r", "a secret"),
    ],
)
def test_the_guard_knows_what_is_somebodys_by_its_form(said: str, kind: str) -> None:
    def clean(text: str) -> str:
        return text.replace("Wint3r", "********").replace("neteye", "********")

    refuse_names({"a": "192.0.2.7 127.0.0.1 neteye"}, {}, FIXED, clean)
    with pytest.raises(NotWritten, match=f"held {kind}, so"):
        refuse_names({"a": said}, {}, FIXED, clean)
    if kind == "an address":  # a package's version may look like one
        refuse_names(
            {"named": {"a": {said.split()[-1].split("/")[0]: 1}}}, {}, FIXED, free=["named"]
        )


def test_a_host_that_is_called_like_the_product_is_no_reason_to_refuse() -> None:
    refuse_names({"a": "httpd neteye"}, {"httpd": "a host", "neteye": "a host"}, FIXED)
    with pytest.raises(NotWritten):
        refuse_names({"a": "master-acme"}, {"master-acme": "a host"}, FIXED)
    with pytest.raises(NotWritten):
        refuse_names({"a": "東京"}, {"東京": "a host"}, FIXED)


def test_a_site_that_calls_something_like_everybody_gets_its_snapshot(
    recording: Recording,
) -> None:
    """A node's attribute may have the value `production`, which is a setting of the files too."""
    place = next(n for n, e in enumerate(recording.events) if e.get("question") == CIB.name)
    text = recording.events[place]["output"]["text"]
    for word in ("production", "value", "text", "granted", "OCS", "service-01", "agent-1"):
        altered = text.replace('value="Frankfurt-Ost"', f'value="{word}"')
        pacemaker = document_of(recording.with_text(place, altered).archive())["cluster"][
            "pacemaker"
        ]
        assert pacemaker["node_attributes"]["node-1"] == {
            "standby": "off",
            "attribute-1": "value-1",
        }, word


def test_the_same_name_gets_the_same_word() -> None:
    names = Names(Vocabulary(("httpd",), (), ("/var", "/etc/"), ("root",), ("_group",)))
    assert names.add_node(["a.example", "a", "10.0.0.1"]) == "node-1"
    assert [names.host(one) for one in ("A", "b.example", "B.example", "10.0.0.1")] == [
        *("node-1", "host-1", "host-1", "node-1"),
    ]
    assert [names.service(one) for one in ("httpd_group", "x_group", "x", "y")] == [
        *("httpd_group", "service-01_group", "service-01", "service-02"),
    ]
    assert [names.path(one) for one in ("/var", "/etc/x", "/srv", "/etc/x")] == [
        *("/var", "/etc/path-1", "/path-2", "/etc/path-1"),
    ]
    assert names.host("httpd.neteyelocal") == "httpd.neteyelocal"
    assert names.host("acme.neteyelocal") == "host-2"
    assert names.of("user", "root") == "root"
    networks = [names.address(one) for one in ("10.1.0.0/16", "10.1.0.0", "fd00::7", "::1")]
    assert networks == ["192.0.2.1/16", "192.0.2.1", "2001:db8::1", "::1"]


@pytest.mark.parametrize(
    "pattern",
    [
        *("icinga2-neteye", "icinga2*", "*nats*", "*serv?r-neteye", "icinga2-neteye-2.11.*.x86_64"),
        *("*", "icinga2-neteye-0:2.11.11-1.*"),
    ],
)
def test_a_pattern_of_the_vendor_s_packages_stays_as_a_twin_must_hold_back_the_same(
    pattern: str,
) -> None:
    names = Names(Vocabulary((), ("icinga2-neteye", "nats-server-neteye"), ()))
    assert names.package(pattern) == pattern


@pytest.mark.parametrize(
    "pattern",
    [
        *("acme-portal*", "*acme*", "icinga2-acme*", "neteye-acme", "[acme]*neteye", "7*", "-"),
        *("icinga2-neteye*10.1.2.3", "icinga2-neteye-47110815", "icinga2 wagner", "xicinga2"),
    ],
)
def test_a_pattern_with_anything_else_in_it_is_replaced(pattern: str) -> None:
    names = Names(Vocabulary((), ("icinga2-neteye", "nats-server-neteye"), ()))
    assert names.package(pattern) == "package-1"


def test_a_network_with_all_nodes_in_it_stays_one() -> None:
    names = Names(Vocabulary((), (), ()))
    names.add_node(["a.example", "10.1.2.11"])
    names.add_node(["b.example", "10.1.3.12", "172.16.0.2"])
    told = ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "172.16.0.0/12", "10.1.2.11", "fd00::/8")
    assert [names.address(one) for one in told] == [
        *("198.19.0.0/8", "198.19.0.0/16", "192.0.2.1/24", "192.0.2.2/12", "192.0.2.3"),
        "2001:db8::1/8",
    ]
    assert {"10.0.0.0", "10.1.0.0"} <= set(names.originals)


def test_so_does_the_beginning_of_such_an_address_as_httpd_takes_it() -> None:
    names = Names(Vocabulary((), (), ()))
    names.add_node(["a.example", "10.1.2.11"])
    text = without_names("Require ip 10.1 10.1.2. 10.2\n", names)
    assert text == "Require ip 198.19.0.0/16 198.19.0.0/24 192.0.2.1\n"


def test_there_are_addresses_for_everybody() -> None:
    names = Names(Vocabulary((), (), ()))
    found = [names.address(f"10.{n // 250}.{n % 250}.1") for n in range(1000)]
    assert len(set(found)) == 1000


def test_values_that_tell_nothing() -> None:
    for value in ("100", "-INFINITY", "30s", "true", "1000000"):
        assert is_harmless(value), value
    for value in ("4711081547", "30x", "10.0.0.1", "Wagner", "1796119730"):
        assert not is_harmless(value), value
    assert version_in("2.1.5-a3f44794f94") == "2.1.5"
    assert version_in("10.77.66.55") == version_in("Wagner") == "*"
    assert (count_of("7", 10), count_of(11, 10), count_of("x", 10)) == (7, None, None)
    shape = shape_of_secret("aB3'\\ ü#")
    assert shape == {
        "length": 8,
        "classes": [
            *("lower", "upper", "digit", "blank", "quote", "backslash", "punctuation", "other")
        ],
    }
