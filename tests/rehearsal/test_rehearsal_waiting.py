"""When a started cluster counts as ready."""

import pytest

from rehearsal.waiting import judge

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
