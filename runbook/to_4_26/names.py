"""Names of the asset module: files, databases, users (domain facts 5, ocs-glpi 2 and 3)."""

from __future__ import annotations

SERVER_CONF = "/etc/httpd/conf.d/ocsinventory-server.conf"
RESTAPI_CONF = "/etc/httpd/conf.d/ocsinventory-server-restapi.conf"
CONF_FILES = (RESTAPI_CONF, SERVER_CONF)
"""The two files that the target's packages leave as `.rpmnew` (guide row G09)."""

SHARED = "/neteye/shared/httpd"
"""httpd's shared directory: mounted where httpd runs."""
WEB_PORTS = (443, 80)
CREDENTIALS = f"{SHARED}/conf/sysconfig/ocsinventory-credentials"
CREDENTIALS_TEMPLATE = f"{CREDENTIALS}.tpl"

ENDPOINT = "OCS endpoint"
"""The address to which agents send, as it is called among the services that are probed."""

OCS_PASSWORD = "OCS database password"
"""What findings about the password in use are about."""
OCS_DATABASE = "ocsweb"
GLPI_OCS_USER = "glpi_ocsinventoryng"

SCRATCH_DATABASE = "neteye_runbook_check"
"""A schema of our own: the backup is restored into it, compared, and it is dropped."""

MEMORIES_VERIFIED = "memories-verified"
"""The fact that the table was compared with its backup after the upgrade, and at which `moment` of
the database's clock."""

OFFICIAL_CHANNELS = (
    "Before the upgrade, contact the official channels: your sales representative, your"
    " consultant, or the support portal."
)
LOSS_PERCENT = "loss_percent"
"""The setting that says how much of the table may be lost in production."""

PROGRAMS = ("awk", "cmp", "curl", "dnf", "gzip", "httpd", "mysqldump", "rpm2cpio", "ssh")
"""What later steps start on every operative node: the backup, the files, the proof by use."""
