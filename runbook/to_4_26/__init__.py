"""The version step 4.25 -> 4.26: its values, its phases, its actions, and the asset module.

Everything that will be different in the next step is in this folder. `runbook_step` in pytest.ini
names it.
"""

pytest_plugins = [
    "runbook.to_4_26.release",
    "runbook.to_4_26.hooks",
    "runbook.to_4_26.actions.backup",
    "runbook.to_4_26.actions.ocs",
    "runbook.to_4_26.actions.failover",
    "runbook.to_4_26.actions.restore",
]
