"""The machines that report to the cluster: which agent each has, and what its dmidecode prints.

Debian 12's agents are the real ones. `ocsinventory-2.1` is today's with the memory part of an old
one (`agents/old/`): it sends text for a slot that tells no size.
"""

from __future__ import annotations

from collections.abc import Sequence

from rehearsal.step import Agents

EMPTY = "No Module Installed"
"""What dmidecode prints as the size of an empty slot."""
_HEAD = """# dmidecode 3.4
Getting SMBIOS data from sysfs.
SMBIOS 2.8 present.

Handle 0x0100, DMI type 1, 27 bytes
System Information
\tManufacturer: Rehearsal
\tProduct Name: Machine
\tVersion: Not Specified
\tSerial Number: {serial}
\tUUID: Not Settable
\tWake-up Type: Power Switch
\tSKU Number: Not Specified
\tFamily: Not Specified
"""
_DEVICE = """
Handle 0x11{number:02X}, DMI type 17, 40 bytes
Memory Device
\tArray Handle: 0x1000
\tError Information Handle: Not Provided
\tTotal Width: {width}
\tData Width: {width}
\tSize: {size}
\tForm Factor: DIMM
\tSet: None
\tLocator: DIMM {number}
\tBank Locator: Bank {number}
\tType: {type}
\tType Detail: {detail}
\tSpeed: {speed}
\tManufacturer: {manufacturer}
\tSerial Number: {serial}
\tAsset Tag: Not Specified
\tPart Number: Not Specified
"""
_MODULE = {
    "width": "64 bits",
    "type": "DDR4",
    "detail": "Synchronous",
    "speed": "2666 MT/s",
    "manufacturer": "Rehearsal",
}
_NO_MODULE = {
    **dict.fromkeys(("width", "type", "detail", "speed"), "Unknown"),
    "manufacturer": "Not Specified",
}


def memory(serial: str, sizes: Sequence[str]) -> str:
    """What dmidecode prints on a machine of that serial number, with a slot for each size."""
    slots = [
        _DEVICE.format(
            number=number,
            size=size,
            serial="Not Specified" if size == EMPTY else f"{serial}-{number}",
            **(_NO_MODULE if size == EMPTY else _MODULE),
        )
        for number, size in enumerate(sizes)
    ]
    return _HEAD.format(serial=serial) + "".join(slots)


def _machine(name: str, agent: str, *sizes: str) -> dict[str, str]:
    return {"agent": f"{agent}\n", **({"memory": memory(name, sizes)} if sizes else {})}


AGENTS = Agents(
    service="httpd",
    suite="bookworm",
    packages=(
        "ocsinventory-agent",
        "fusioninventory-agent",
        "pciutils",
        "iproute2",
        "hostname",
        "mount",
    ),
    machines={
        "linux01": _machine("linux01", "ocsinventory", "8 GB", EMPTY),
        "linux02": _machine("linux02", "fusioninventory", "32 GB", "32 GB", EMPTY),
        "linux03": _machine("linux03", "ocsinventory"),
        "old01": _machine("old01", "ocsinventory-2.1", "8192 MB", EMPTY),
        "old02": _machine("old02", "ocsinventory-2.1", "8192 MB", EMPTY),
    },
)
