"""Registers the plugin, fixtures and actions, nothing else; pytest.ini names the version step."""

pytest_plugins = [
    "engine.run.plugin",
    "runbook.rehearsing",
    "runbook.cluster.hooks",
    "runbook.phases.actions.pacemaker",
    "runbook.phases.actions.neteye_command",
    "runbook.phases.actions.restore",
    "runbook.phases.actions.downtime",
]
