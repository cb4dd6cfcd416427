"""Variants of every message whose real wording is unknown (domain facts, section 9).

Placeholders in braces are filled in by the stand-in. A runbook that needs one of these texts word
by word fails with another seed, which is the purpose.
"""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, ...]] = {
    "health_failed": (
        "Health checks failed on {node}: {detail}",
        "[{node}] NetEye is not healthy. Failing check: {detail}",
        "The health check reported a problem on node {node} ({detail})",
    ),
    "pending": (
        "Found updates not installed. Example: {example}",
        "Found updates not installed\nExample: {example}",
    ),
    "pending_hint": (
        "Please run 'neteye update' before the upgrade",
        "All updates of release {source} have to be installed first (neteye update)",
    ),
    "not_eligible": (
        "This system is not eligible for the upgrade to {target}: {detail}",
        "Upgrade to {target} refused, {detail}",
    ),
    "migration": (
        "Configuration files to be migrated found on {node}: {files}",
        "{node} still has unmerged configuration (rpmnew/rpmsave): {files}. Merge and start again",
        "ERROR on node {node}, please check the following files: {files}",
    ),
    "packages_failed": (
        "Failed to install some of the specified packages on {node}: {detail}",
        "dnf failed on {node}: {detail}",
    ),
    "repository_failed": (
        "Packages of release {target} are not available on {node}: {detail}",
        "{node} can not reach the repositories of {target} ({detail})",
    ),
    "task_failed": (
        "Task '{task}' failed on {node}: {detail}",
        "{detail} (node {node}, task {task})",
    ),
    "locked": (
        "Another neteye command is already running on {node}",
        "Can not start: {node} is busy with a neteye command started before",
    ),
    "stopped": (
        "The {command} procedure stopped at task '{task}'. Fix the problem and run it again",
        "neteye {command} FAILED in '{task}'; see the messages above, then rerun the command",
        "Execution of {command} interrupted: {task}",
    ),
    "success": (
        "The {command} procedure has been concluded successfully",
        "neteye {command} completed with success",
        "NetEye {command}: all tasks done, procedure successfully concluded",
    ),
    "reboot": (
        "One or more nodes may need a reboot to use the new kernel",
        "A reboot is suggested on: {node}",
    ),
}

TASKS: dict[str, tuple[str, ...]] = {
    "health": (
        "Run NetEye health checks",
        "neteye : health checks",
        "Check that NetEye is healthy",
    ),
    "pending": ("Check for pending updates", "Verify that no minor updates are missing"),
    "eligibility": ("Check upgrade eligibility", "neteye_upgrade : verify current release"),
    "repositories": ("Switch repositories to the next release", "Update DNF0 on all nodes"),
    "available": ("Check that packages are available", "Verify new repositories"),
    "standby": ("Set nodes in standby", "Put all nodes but the active one in standby"),
    "fencing": ("Disable fencing", "Ensure stonith is off"),
    "packages": ("Upgrade RPM packages", "Install the latest packages", "os : dnf transaction"),
    "elastic": ("Restart Elasticsearch node by node", "elastic : rolling restart"),
    "templates": ("Distribute configuration templates", "Prepare service configuration"),
    "migration": ("Search for rpmnew and rpmsave files", "Check rpmsave/rpmnew"),
    "secure_install": ("Run neteye_secure_install", "neteye : secure install"),
    "finalise": ("Finalize the installation", "Run neteye_finalize_installation"),
}
