"""Registers the plugin and the actions, nothing else."""

pytest_plugins = [
    "engine.plugin",
    "runbook.release",
    "runbook.rehearsing",
    "runbook.actions.pacemaker",
    "runbook.actions.neteye_command",
    "runbook.actions.backup",
    "runbook.actions.ocs",
    "runbook.actions.failover",
    "runbook.actions.restore",
]
