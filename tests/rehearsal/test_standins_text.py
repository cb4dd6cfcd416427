"""The pure parts of the stand-ins that run inside the nodes: formats, SQL, judgement of XML."""

import io
import json
from collections import Counter
from pathlib import Path

import pytest
from neteye_standin import (
    context,
    database,
    drbd_cli,
    drbd_state,
    drbd_text,
    elastic_api,
    elastic_state,
    faults,
    health,
    health_checks,
    pacemaker,
    packages,
    playlog,
    remote,
)
from neteye_step import ocs_schema

ROOTFS = Path(__file__).parents[2] / "rehearsal/standins/rootfs"
CLUSTER = {
    "Hostname": "neteye.example.test",
    "Nodes": [{"hostname": f"neteye0{n}.neteyelocal", "addr": f"10.0.0.{n}"} for n in (1, 2, 3)],
    "ElasticOnlyNodes": [{"hostname": "neteye04.neteyelocal", "addr": "10.0.0.4"}],
    "VotingOnlyNode": {"hostname": "neteye05.neteyelocal", "addr": "10.0.0.5"},
}


@pytest.fixture
def cluster() -> context.Cluster:
    return context.parse_cluster(json.dumps(CLUSTER))


def test_cluster_file_gives_roles_and_the_active_node(cluster: context.Cluster) -> None:
    roles = [(n.short, n.role) for n in cluster.nodes]
    assert roles[0] == ("neteye01", "operative")
    assert roles[3:] == [("neteye04", "elastic_only"), ("neteye05", "voting_only")]
    assert cluster.active.name == "neteye01.neteyelocal"
    assert cluster.find("neteye05") is cluster.nodes[4]


@pytest.mark.parametrize("text", ["not json", "{}", '{"Hostname": "x", "Nodes": [{}]}'])
def test_bad_cluster_file_is_named(text: str) -> None:
    with pytest.raises(context.ContextError, match="/etc/neteye-cluster"):
        context.parse_cluster(text)


# ------------------------------------------------------------------ log


def test_log_looks_like_an_ansible_run() -> None:
    stream = io.StringIO()
    log = playlog.PlayLog(["one", "three"], stream)
    log.play("NetEye upgrade")
    log.task("Search")
    log.result("one", "changed")
    log.failure("three", 'files "a", "b"')
    log.recap()
    lines = stream.getvalue().splitlines()
    assert lines[1].startswith("PLAY [NetEye upgrade] ***")
    assert lines[3].startswith("TASK [Search] ***")
    assert "changed: [one]" in lines
    fatal = next(line for line in lines if line.startswith("fatal: [three]: FAILED! => "))
    assert json.loads(fatal.partition(" => ")[2])["msg"] == 'files "a", "b"'
    assert lines[-2].split() == [
        "three", ":", "ok=0", "changed=0", "unreachable=0", "failed=1", "skipped=0",
    ]  # fmt: skip


def test_unreachable_is_told_from_failed() -> None:
    line = playlog.fatal_line("two", "ssh: no route", unreachable=True)
    assert line.startswith("fatal: [two]: UNREACHABLE! => ")
    assert json.loads(line.partition(" => ")[2])["unreachable"] is True


def test_recap_counts_a_change_as_ok_too() -> None:
    assert "ok=3    changed=1" in playlog.recap_line("n", Counter(ok=2, changed=1), 1)


# ------------------------------------------------------------------ DRBD


def _answers(cluster: context.Cluster, me: context.Node) -> dict[context.Node, dict | None]:
    return {
        node: {"name": node.name, "resources": {"mariadb": {"role": role, "disk": "UpToDate"}}}
        if node.role == "operative"
        else {"name": node.name, "resources": {}}
        for node, role in zip(
            [n for n in drbd_state.replicating(cluster) if n != me],
            ["Secondary"] * 4,
            strict=False,
        )
    }


def _resource(cluster: context.Cluster, fault: dict | None = None) -> drbd_state.Resource:
    me = cluster.nodes[0]
    mine = {"role": "Primary", "disk": "UpToDate"}
    answers = _answers(cluster, me)
    return drbd_state._resource("mariadb", 1, me, mine, answers, fault or {})


def test_voting_node_is_a_healthy_diskless_peer(cluster: context.Cluster) -> None:
    status = json.loads(json.dumps(drbd_text.status_json([_resource(cluster)])))
    voting = status[0]["connections"][-1]
    assert voting["name"] == "neteye05"
    assert voting["peer_devices"][0]["peer-disk-state"] == "Diskless"
    assert voting["peer_devices"][0]["peer-client"] is True
    assert status[0]["role"] == "Primary"
    assert status[0]["devices"][0]["quorum"] is True


def test_a_silent_peer_is_not_connected(cluster: context.Cluster) -> None:
    me = cluster.nodes[0]
    answers = _answers(cluster, me) | {cluster.nodes[1]: None}
    mine = {"role": "Secondary", "disk": "UpToDate"}
    peer = drbd_state._resource("mariadb", 1, me, mine, answers, {}).peers[0]
    assert (peer.connection, peer.role, peer.disk) == ("Connecting", "Unknown", "DUnknown")


def test_injected_resync_shows_in_all_formats(cluster: context.Cluster) -> None:
    resource = _resource(
        cluster, {"replication-state": "SyncSource", "peer-disk-state": "Inconsistent"}
    )
    device = drbd_text.status_json([resource])[0]["connections"][0]["peer_devices"][0]
    assert device["out-of-sync"] > 0
    assert device["percent-in-sync"] < 100
    assert "replication:SyncSource peer-disk:Inconsistent" in drbd_text.status_text([resource])
    assert "replication:SyncSource" in drbd_text.events([resource], statistics=True)


def test_a_resource_is_as_its_faults_say(cluster: context.Cluster) -> None:
    fault = {"suspended": True, "quorum": False, "force-io-failures": True, "alone": True}
    (told,) = drbd_text.status_json([_resource(cluster, fault)])
    assert told["suspended"] is told["force-io-failures"] is True
    assert told["devices"][0]["quorum"] is False
    assert told["connections"] == []
    assert "suspended:user" in drbd_text.events([_resource(cluster, fault)], statistics=False)
    assert drbd_state._own(False, {"role": "Primary"}) == {"role": "Primary", "disk": "UpToDate"}


def test_what_drbdadm_does_takes_its_faults_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(faults, "FAULTS_FILE", tmp_path / "faults.json")
    monkeypatch.setattr(drbd_cli, "_observe", lambda names: ([], []))
    state = {"mariadb": {"disk-state": "Diskless", "alone": True}, "glpi": {"alone": True}}
    faults.FAULTS_FILE.write_text(json.dumps({"drbd": state}))
    assert drbd_cli.drbdadm(["attach", "mariadb"]) == 0
    assert faults.load("drbd") == {"mariadb": {"alone": True}, "glpi": {"alone": True}}
    assert drbd_cli.drbdadm(["adjust", "mariadb"]) == 0
    assert faults.load("drbd") == {"mariadb": {}, "glpi": {"alone": True}}


def test_events_end_with_the_mark(cluster: context.Cluster) -> None:
    lines = drbd_text.events([_resource(cluster)], statistics=False).splitlines()
    assert lines[-1] == "exists -"
    assert lines[0] == "exists resource name:mariadb role:Primary suspended:no"


def test_resources_and_directories_come_from_the_cib() -> None:
    cib = """<cib><configuration><resources><group id="mariadb_group">
      <primitive id="mariadb_drbd_fs"><instance_attributes>
        <nvpair name="device" value="/dev/drbd1"/><nvpair name="directory"
        value="/neteye/shared/mysql"/></instance_attributes></primitive>
      <primitive id="mariadb"/></group></resources></configuration></cib>"""
    assert drbd_state.parse_directories(cib) == {"mariadb": "/neteye/shared/mysql"}


# ------------------------------------------------------------------ Elasticsearch


def _view(cluster: context.Cluster, down: tuple[str, ...] = ()) -> elastic_state.View:
    members = tuple(
        elastic_state.Member(
            n.name, n.address, n.role == "voting_only", None if n.short in down else "7.10.2"
        )
        for n in cluster.nodes
    )
    return elastic_state.View(members, elastic_state.allocate(members))


@pytest.mark.parametrize(
    ("down", "status"),
    [
        ((), "green"),
        (("neteye05",), "green"),
        (("neteye02",), "yellow"),
        (("neteye01", "neteye02"), "red"),
    ],
)
def test_elastic_status_follows_the_members(
    cluster: context.Cluster, down: tuple[str, ...], status: str
) -> None:
    view = _view(cluster, down)
    assert elastic_api.health(view)["status"] == status
    assert elastic_api.health(view)["number_of_nodes"] == 5 - len(down)


def test_without_a_majority_nobody_is_master(cluster: context.Cluster) -> None:
    view = _view(cluster, ("neteye01", "neteye02", "neteye03"))
    status, _, body = elastic_api.answer("/_cat/nodes", {}, view, "neteye04.neteyelocal")
    assert status == 503
    assert "master_not_discovered" in body


def test_cat_tables_as_text_and_json(cluster: context.Cluster) -> None:
    view = _view(cluster)
    _, _, text = elastic_api.answer("/_cat/nodes", {"v": "", "h": "name,version"}, view, "x")
    assert text.splitlines()[0].split() == ["name", "version"]
    assert len(text.splitlines()) == 6
    _, kind, body = elastic_api.answer("/_cat/shards", {"format": "json"}, view, "x")
    assert kind.startswith("application/json")
    assert {row["state"] for row in json.loads(body)} == {"STARTED"}


# ------------------------------------------------------------------ health


CRM_MON = """<pacemaker-result><summary><current_dc with_quorum="{quorum}"/></summary>
<nodes><node name="n1" online="true" unclean="false" standby="false"/>
<node name="n2" online="{online}" unclean="false" standby="{standby}"/></nodes>
<resources><resource id="fence_n1" resource_agent="stonith:fence_x" role="Stopped"/>
<group id="g"><resource id="httpd" resource_agent="systemd:httpd" role="{role}" {extra}/></group>
</resources>{failures}</pacemaker-result>"""
HEALTHY = {
    "quorum": "true", "online": "true", "standby": "false", "role": "Started", "extra": "",
    "failures": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"standby": "true"}, []),
        ({"quorum": "false"}, ["partition without quorum"]),
        ({"online": "false"}, ["node n2 is offline or unclean"]),
        ({"role": "Stopped"}, ["resource httpd is stopped"]),
        ({"role": "Stopped", "extra": 'target_role="Stopped"'}, []),
        ({"extra": 'failed="true"'}, ["resource httpd failed"]),
        (
            {"failures": '<failures><failure op_key="httpd_start_0"/></failures>'},
            ["failed action httpd_start_0"],
        ),
    ],
)
def test_cluster_health(change: dict[str, str], expected: list[str]) -> None:
    assert pacemaker.problems(CRM_MON.format(**(HEALTHY | change))) == expected


CLONE = """<clone id="s-clone"><resource id="s" role="{first}"/><resource id="s" role="{second}"/>
</clone></resources>"""


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("Started", "Stopped", []),
        ("Stopped", "Stopped", ["resource s is stopped"] * 2),
    ],
)
def test_a_clone_need_not_run_on_a_node_in_standby(
    first: str, second: str, expected: list[str]
) -> None:
    clone = CLONE.format(first=first, second=second)
    text = CRM_MON.format(**HEALTHY).replace("</resources>", clone)
    assert pacemaker.problems(text) == expected


def test_health_report_names_the_failing_script() -> None:
    bad = health.Outcome("/usr/x/deep/110_rpm", 2, "CRITICAL - a.rpmnew")
    good = health.Outcome("/usr/x/light/010", 0, "OK - fine")
    assert health.report("deep", [good]).startswith("OK - All deep health checks succeeded")
    report = health.report("deep", [good, bad])
    assert report.startswith("CRITICAL - 1 of 2 deep")
    assert "/usr/x/deep/110_rpm: CRITICAL - a.rpmnew" in report


@pytest.mark.parametrize(
    ("states", "expected"), [((0, 0), 0), ((0, 1), 1), ((1, 3), 3), ((3, 2, 1), 2)]
)
def test_worst_state_wins(states: tuple[int, ...], expected: int) -> None:
    assert health.worst([health.Outcome("x", state, "") for state in states]) == expected


def test_deep_runs_the_light_scripts_too() -> None:
    root = ROOTFS / "usr/share/neteye/scripts/neteye/health.d"
    light = health.scripts("light", root)
    assert light
    assert set(light) < set(health.scripts("deep", root))


def test_the_rehearsals_own_health_checks_cost_no_process_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for script in health.scripts("deep", ROOTFS / "usr/share/neteye/scripts/neteye/health.d"):
        check = health_checks.own_check(script.read_text(encoding="utf-8"))
        assert check is not None, script
        assert check.__module__ == health_checks.__name__

    def broken() -> tuple[int, str]:
        raise packages.PackageError("find: no such directory")

    monkeypatch.setattr(health_checks, "rpm_leftovers", broken)
    monkeypatch.setattr(health, "run", lambda *_, **__: pytest.fail("a program was started"))
    migration = script.with_name("110_rpm_migration")
    monkeypatch.setattr(health, "scripts", lambda kind: [migration])
    expected = health.Outcome(str(migration), 3, "UNKNOWN - find: no such directory")
    assert health.run_all("deep") == [expected]


@pytest.mark.parametrize(
    ("old", "new"), [("import sys", "import os"), ("\nmain(", "\n#main("), (None, "")]
)
def test_a_health_check_that_somebody_changed_is_run_as_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str | None, new: str
) -> None:
    script = ROOTFS / "usr/share/neteye/scripts/neteye/health.d/light/030_disk_space"
    text = script.read_text(encoding="utf-8")
    edited = tmp_path / script.name
    edited.write_text(text.replace(old, new) if old else new, encoding="utf-8")
    started: list[list[str]] = []
    answer = remote.Answer(1, "WARNING - mine\nmore\n", "")
    monkeypatch.setattr(health, "run", lambda argv, deadline: started.append(argv) or answer)
    monkeypatch.setattr(health, "scripts", lambda kind: [edited])
    assert health.run_all("light") == [health.Outcome(str(edited), 1, "WARNING - mine")]
    assert started == [[str(edited)]]


# ------------------------------------------------------------------ packages, SQL


def test_pending_updates_are_read_from_dnf() -> None:
    out = "\nneteye.noarch    4.25-2.neteye    neteye\n"
    assert packages.pending(lambda _: remote.Answer(100, out, ""), "4.25") == [
        "neteye, version 4.25-2.neteye"
    ]
    assert packages.pending(lambda _: remote.Answer(0, "", ""), "4.25") == []
    with pytest.raises(packages.PackageError, match="no repomd"):
        packages.pending(lambda _: remote.Answer(1, "", "Error: no repomd.xml"), "4.25")


def test_next_release() -> None:
    assert packages.next_release("4.25") == "4.26"


def test_nulling_comes_before_the_change_of_type() -> None:
    for variant in ("nulled", "kept"):
        statements = ocs_schema.capacity_statements(variant)
        assert statements[0].startswith("UPDATE memories SET CAPACITY = NULL")
        assert statements[-1].startswith("ALTER TABLE memories")
    assert len(ocs_schema.capacity_statements("kept")) == 3
    with pytest.raises(ValueError, match="nulled or kept, not 'x'"):
        ocs_schema.capacity_statements("x")


def test_sql_literals_are_quoted() -> None:
    assert database.literal("a'b\\c") == "'a''b\\\\c'"
    with pytest.raises(ValueError, match="printable ASCII"):
        database.literal("a\nb")


def test_every_program_says_that_it_is_a_stand_in() -> None:
    programs = [p for p in ROOTFS.rglob("*") if p.is_file() and p.stat().st_mode & 0o100]
    assert len(programs) > 10
    for program in programs:
        head = program.read_text(encoding="utf-8").splitlines()[:3]
        assert any("Stand-in" in line for line in head), program
