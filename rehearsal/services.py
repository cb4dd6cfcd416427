"""The clustered services: one value for pacemaker, addresses, shared data and host names.

Ids follow section 6 of the vendor facts: group `<name>_group` of `<name>_drbd_fs`,
`<name>_virt_ip` and `<name>`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """A service that pacemaker moves; `folder` is its directory under /neteye/shared.

    `module` is the optional module that it belongs to; a scenario may be without it.
    """

    name: str
    folder: str
    module: str = ""

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


FIRST = (Service("mariadb", "mysql"), Service("httpd", "httpd"))
LAST = (Service("nats-server", "nats-server"), Service("icinga2-master", "icinga2"))
"""Every cluster has these; those of a step's modules come between them and get the addresses."""
CORE = (*FIRST, *LAST)
