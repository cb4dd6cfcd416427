"""Registers the plugin, fixtures and actions; pytest.ini names the version step.

PYTEST_DONT_REWRITE: so that its compiled form can be compared with this text.
"""

import os
import sys
from pathlib import Path

if any(Path(word).name == "runbook" for word in sys.argv[1:]):
    # a compiled module may be of another text than the one beside it, which is hashed
    sys.dont_write_bytecode = True
    sys.pycache_prefix = os.devnull

pytest_plugins = [
    "engine.run.plugin",
    "runbook.rehearsing",
    "runbook.cluster.hooks",
    "runbook.phases.actions.pacemaker",
    "runbook.phases.actions.neteye_command",
    "runbook.phases.actions.restore",
]
