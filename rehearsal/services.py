"""The clustered services: one table for pacemaker, addresses, shared data and host names.

Ids follow section 6 of the vendor facts: group `<name>_group` of `<name>_drbd_fs`,
`<name>_virt_ip` and `<name>`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """A service that pacemaker moves; `folder` is its directory under /neteye/shared."""

    name: str
    folder: str
    asset: bool = False  # belongs to the asset module, absent in scenario no-asset

    @property
    def group(self) -> str:
        return f"{self.name}_group"

    @property
    def filesystem(self) -> str:
        return f"{self.name}_drbd_fs"

    @property
    def virtual_ip(self) -> str:
        return f"{self.name}_virt_ip"

    @property
    def mount_point(self) -> str:
        return f"/neteye/shared/{self.folder}"

    @property
    def host_name(self) -> str:
        return f"{self.name}.neteyelocal"


SERVICES = (
    Service("mariadb", "mysql"),
    Service("httpd", "httpd"),
    Service("ocsinventory-server", "ocsinventory-server", asset=True),
    Service("glpi", "glpi", asset=True),
    Service("nats-server", "nats-server"),
    Service("icinga2-master", "icinga2-master"),
)
