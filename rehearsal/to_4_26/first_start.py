"""What an administrator had done on a node before the upgrade: its OCS files are edited."""

import json
from collections.abc import Mapping
from typing import Any

from rehearsal.scenario import Scenario as AnyScenario
from rehearsal.step import NodeCommand
from rehearsal.to_4_26.scenario import NodeFile, Scenario
from rehearsal.to_4_26.services import ASSET

_EDIT_OCS = "/usr/lib/neteye-rehearsal/edit_ocs_files.py"


def first_start(
    scenario: AnyScenario, number: int, settings: Mapping[str, Any]
) -> list[NodeCommand]:
    """The edits of the operative node of that number; passwords go by standard input."""
    assert isinstance(scenario, Scenario)
    if ASSET in scenario.without or scenario.migrated:
        return []
    if scenario.httpd_files:
        return [_written(file) for file in scenario.httpd_files if file.node == number]
    passwords = settings["passwords"]
    different = number in scenario.other_password_on
    password = passwords["glpi"] if different else passwords["ocsserver"]
    return [{"argv": [_EDIT_OCS], "stdin": json.dumps({"password": password, "node": number})}]


def _written(file: NodeFile) -> NodeCommand:
    return {"argv": ["install", "-m", file.mode, "/dev/stdin", file.path], "stdin": file.text}
