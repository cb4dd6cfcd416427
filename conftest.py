"""Registers the plugin and the actions, nothing else; pytest.ini names the version step."""

pytest_plugins = [
    "engine.run.plugin",
    "runbook.rehearsing",
    "runbook.phases.actions.pacemaker",
    "runbook.phases.actions.neteye_command",
    "runbook.phases.actions.restore",
]
