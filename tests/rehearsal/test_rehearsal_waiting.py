"""When a started cluster counts as ready."""

import socket
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from rehearsal import cluster, podman, saved, state, waiting
from rehearsal.reached import Reached
from rehearsal.topology import DEFAULT_COUNTS, Node, Role, Topology, build
from rehearsal.waiting import judge, judge_running

NODES = ["n1", "n2"]
READY = """<pacemaker-result><summary><current_dc present="true" with_quorum="true"/></summary>
<nodes>
<node name="n1" online="true" unclean="false" pending="false" standby="false"/>
<node name="n2" online="true" unclean="false" pending="false" standby="true"/>
</nodes><resources>
<resource id="fence_n1" resource_agent="stonith:fence_rehearsal" role="Stopped" failed="false"/>
<resource id="cluster_ip" resource_agent="ocf:heartbeat:IPaddr2" role="Started" failed="false"/>
<group id="g"><resource id="mariadb" resource_agent="systemd:mariadb" role="Started"
 failed="false"/></group>
</resources></pacemaker-result>"""


def test_ready_without_fence_devices_and_with_a_node_in_standby() -> None:
    assert judge(READY, NODES) is None


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('with_quorum="true"', 'with_quorum="false"', "quorum"),
        ('<node name="n2" online="true"', '<node name="n2" online="false"', "node n2 online"),
        (
            'unclean="false" pending="false" standby="true"',
            'unclean="false" pending="true" standby="true"',
            "node n2 online",
        ),
        (
            '"systemd:mariadb" role="Started"',
            '"systemd:mariadb" role="Starting"',
            "resource mariadb Started, it is Starting",
        ),
        ("</pacemaker-result>", "", "an answer of crm_mon that can be read"),
    ],
)
def test_what_is_missing_is_named(old: str, new: str, complaint: str) -> None:
    assert old in READY
    assert complaint in str(judge(READY.replace(old, new), NODES))


def test_a_disabled_resource_is_as_it_should_be() -> None:
    text = READY.replace('IPaddr2" role="Started"', 'IPaddr2" target_role="Stopped" role="Stopped"')
    assert text != READY
    assert judge(text, NODES) is None


@pytest.mark.parametrize("role", ["Stopped", "Starting", "Stopping"])
def test_only_started_is_started(role: str) -> None:
    text = READY.replace('IPaddr2" role="Started"', f'IPaddr2" role="{role}"')
    assert judge(text, NODES) == f"resource cluster_ip Started, it is {role}"


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Topology:
    """Two nodes that are this process."""
    monkeypatch.setattr(podman, "_init_of", lambda container: "self")
    return build("lab", {Role.OPERATIVE: 2}, IPv4Network("10.0.0.0/24"), ())


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_what_a_node_listens_at_is_told_by_its_kernel(two: Topology, port: int) -> None:
    assert podman.listens("any", port)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        assert not podman.listens("any", connection.getsockname()[1])


def test_a_node_that_has_ended_listens_at_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for init in (None, 2**22 + 1):
        monkeypatch.setattr(podman, "_init_of", lambda container, init=init: init)
        assert not podman.listens("any", 22)


def test_no_connection_is_made_to_a_node_before_all_else_is_there(
    two: Topology, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_SSH_PORT", port)
    text = READY
    for number, node in enumerate(two.operative, start=1):
        text = text.replace(f'"n{number}"', f'"{node.name}"')
    answers = iter((text.replace('with_quorum="true"', 'with_quorum="false"'), text, text))
    monkeypatch.setattr(
        podman,
        "execute",
        lambda *_, **__: subprocess.CompletedProcess([], 0, next(answers), ""),
    )
    tried: list[str] = []
    monkeypatch.setattr(waiting, "is_reached", lambda node: tried.append(node.name))
    assert (waiting.missing(two), tried) == ("quorum", [])
    assert waiting.missing(two) == f"a way to {two.operative[0].name}"
    monkeypatch.setattr(waiting, "is_reached", lambda node: True)
    assert waiting.missing(two) is None


def test_a_node_is_reached_without_a_connection_to_its_sshd(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = Node(1, Role.OPERATIVE, IPv4Address("127.0.0.1"), "example.test")
    with socket.create_server(("127.0.0.1", 0)) as sshd:
        monkeypatch.setattr(waiting, "_SSH_PORT", sshd.getsockname()[1])
        assert waiting.is_reached(node)
        sshd.setblocking(False)
        with pytest.raises(BlockingIOError):
            sshd.accept()

    def no_way(*_: object, **__: object) -> socket.socket:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", no_way)
    assert not waiting.is_reached(node)


@pytest.mark.parametrize("way", ["started", "loaded"])
def test_what_failed_while_nodes_started_is_not_shown_for_ever(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that was first wanted the other one fenced; nothing else clears that."""
    done: list[object] = []
    for module in (cluster, saved):
        monkeypatch.setattr(module, "start_nodes", lambda *_: done.append("started"))
        monkeypatch.setattr(module, "or_diagnosis", lambda *_: done.append("ready"))
    monkeypatch.setattr(podman, "execute", lambda name, words, **_: done.append((name, *words)))
    monkeypatch.setattr(saved, "read", lambda *_: Reached((), {}, {}))
    for name in ("place_at", "free"):
        monkeypatch.setattr(saved, name, lambda *_: None)
    monkeypatch.setattr(state, "ROOT", tmp_path)
    monkeypatch.setattr(state.State, "restore", lambda *_: None)
    place = state.State("x")
    asked = state.Asked("x", "guide", 4, DEFAULT_COUNTS, IPv4Network("10.125.40.0/24"))
    if way == "started":
        cluster._start(place, asked, "image", None)  # type: ignore[arg-type]
    else:
        saved.bring_back(place, asked.topology, "label", None)  # type: ignore[arg-type]
    cleared = ("rehearsal-x-neteye01", "stonith_admin", "--cleanup", "--history", "*")
    assert done == ["started", "ready", cleared]


CLONED = """<clone id="c"><resource id="a:0" role="Started" failed="false"/>
<resource id="a:1" role="{role}" failed="{failed}"/></clone></resources>"""


@pytest.mark.parametrize(
    ("role", "failed", "expected"),
    [
        ("Unpromoted", "false", None),
        ("Stopped", "false", "resource a on 2 nodes, it is on 1"),
        ("Started", "true", "resource a on 2 nodes, it is on 1"),
    ],
)
def test_a_twin_is_ready_when_as_much_runs_as_in_its_snapshot(
    role: str, failed: str, expected: str | None
) -> None:
    """Whatever else is stopped, as somebody has it on that cluster."""
    clone = CLONED.format(role=role, failed=failed)
    text = READY.replace("</resources>", f'<resource id="b" role="Stopped"/>{clone}')
    assert judge_running(text, NODES, {"a": 2}) == expected
    assert judge_running(text.replace('quorum="true', 'quorum="false'), NODES, {}) == "quorum"


def test_a_cluster_may_take_longer_the_more_nodes_it_has() -> None:
    """Each node that joins probes every resource."""
    network = IPv4Network("10.9.0.0/24")
    counts = {Role.OPERATIVE: 16, Role.ELASTIC: 2, Role.VOTING: 1}
    assert waiting.patience(build("x", DEFAULT_COUNTS, network)) == 300.0
    assert waiting.patience(build("x", counts, network)) == 19 * 60.0
