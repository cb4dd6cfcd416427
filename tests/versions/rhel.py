"""What Red Hat Enterprise Linux has of each tool, release by release, and where that is written.

Read on 2026-11-30 in public copies of the sources; no RHEL was to be had. RHEL 8 is 8.9 and 8.10,
RHEL 9 goes to 9.8 and RHEL 10 to 10.2. openela-main has the source packages of RHEL itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

RELEASES = ("RHEL 8", "RHEL 9", "RHEL 10")


@dataclass(frozen=True)
class Found:
    """The versions of one tool in each of `RELEASES`, oldest first, and where they are written."""

    versions: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    sources: tuple[str, ...]


def _of(package: str, commit: str) -> str:
    return f"https://github.com/openela-main/{package}/commit/{commit}"


_ALMA = "https://github.com/AlmaLinux/wiki/blob/master/docs/release-notes"
"""AlmaLinux is rebuilt from RHEL."""
_NEWER = (f"{_ALMA}/9.8.md", f"{_ALMA}/10.2.md")
_RED_HAT = "https://docs.redhat.com/en/documentation"
_PLUMBERS = "https://github.com/redhat-plumbers"

FOUND: Mapping[str, Found] = {
    "pacemaker": Found(
        (("2.1.6",), ("2.1.7",), ("3.0.1",)),
        (
            _of("pacemaker", "b83d70600dcb888c7614b3e8252375ba1ceb3ae4"),
            _of("pacemaker", "e8995e76d0b2264bee9fcfb50043dfb8b2d36cc4"),
        ),
    ),
    "pcs": Found(
        (("0.10.18",), ("0.11.9", "0.11.10"), ("0.12",)),
        (
            _of("pcs", "5752070c144631d1e76ee61ffdfb775091e8ac43"),
            _of("pcs", "581c3837951fcfbb0d3dc71b0dfe895de7179ae7"),
            "https://github.com/ClusterLabs/pcs/blob/main/README.md",
        ),
    ),
    "corosync": Found(
        (("3.1.7",), ("3.1.7",), ("3.1.9",)),
        (
            _of("corosync", "4c360463b71d919628097c8185a7d58dded93ce0"),
            _of("corosync", "c6dbeeed5ba8d1a0fe87b0f2051e424821fa7429"),
            _of("corosync", "e138eb2aec59445832522d827594aa839a1c08eb"),
        ),
    ),
    "OpenSSH": Found(
        (("8.0p1",), ("8.7p1", "9.9p1"), ("9.9p1",)),
        (
            _of("openssh", "f37ad38f6ae360c3df853cd1b1aa70105836b483"),
            _of("openssh", "7764fe140ae4a7da8ce14b403da9d3790a8b38dc"),
            *_NEWER,
        ),
    ),
    "rpm": Found(
        (("4.14.3",), ("4.16.1.3",), ("4.19.1.1",)),
        (
            _of("rpm", "a42c06db0f0d08889e83b689526c9be52e2a10f9"),
            _of("rpm", "db99ce41351c0d98112904b2e91a441d22a9ec3e"),
        ),
    ),
    "dnf": Found(
        (("4.7.0",), ("4.14.0",), ("4.20.0",)),
        (
            _of("dnf", "1fe21182d48931190d90c52475a4c9f81b945492"),
            _of("dnf", "edcf3bfe41ea497a69fac5373cbfefb845d138fa"),
            _of("dnf", "10619bf6024461ce0e44959e887ddb6a08e86240"),
        ),
    ),
    "MariaDB": Found(
        (("10.3", "10.5", "10.11"), ("10.5", "10.11", "11.8"), ("10.11", "11.8")),
        (
            _of("mariadb", "b4a9ab3841c3349ac0374486da3069cf084f46e5"),
            f"{_ALMA}/8.10.md",
            *_NEWER,
        ),
    ),
    "httpd": Found(
        (("2.4.37",), ("2.4.57", "2.4.62"), ("2.4.63",)),
        (
            _of("httpd", "53522fa3c03641788ec7b24e07f382275957e036"),
            _of("httpd", "5b26de6f586b4289e070b214b0afd86c4f78eed4"),
            _of("httpd", "113fb09e6559335b6cfe1670bf4921eab86fb671"),
        ),
    ),
    "systemd": Found(
        (("239",), ("252",), ("257",)),
        tuple(f"{_PLUMBERS}/systemd-rhel{number}" for number in (8, 9, 10)),
    ),
    "sudo": Found(
        (("1.9.5p2",), ("1.9.5p2", "1.9.17p2"), ("1.9.17p2",)),
        (
            _of("sudo", "20529730944414ece7361c7333b6adfdc155d6ce"),
            _of("sudo", "9912ac43ac6497704defacab222e694186263e9e"),
            *_NEWER,
        ),
    ),
    "bash": Found(
        (("4.4.20",), ("5.1.8",), ("5.2.26",)),
        (
            _of("bash", "8a5e445c0155571add634c8996056fbb08a8f727"),
            _of("bash", "d633f3ac5443b70f4dd5db3b1ce995c116847049"),
        ),
    ),
    "coreutils": Found(
        (("8.30",), ("8.32",), ("9.5",)),
        (
            _of("coreutils", "a94922b48adc662bdaa662972f920e3160e55ef4"),
            _of("coreutils", "bcc687b8214e349f8ac516be94d1f489f788ffc2"),
        ),
    ),
    "util-linux": Found(
        (("2.32.1",), ("2.37.4",), ("2.40.2",)),
        (
            _of("util-linux", "4e127770254a839d5100b24fc3b9e0aa7b3c9eda"),
            _of("util-linux", "00ee2285bd725729075ef5b5c93fbc6bf49a637e"),
            _of("util-linux", "c17c8d9fedb90254d4633be8b67068f34fd8293b"),
        ),
    ),
    "perl": Found(
        (("5.26.3",), ("5.32.1",), ("5.40.2",)),
        (
            _of("perl", "a88fdb67b17b6e27284a89713d000386112a4995"),
            _of("perl", "8728fb36e9e08d9e3fd5fc6363158d835b23d23e"),
        ),
    ),
    "Python": Found(
        (("3.6.8",), ("3.9.21",), ("3.12.11",)),
        (
            f"{_RED_HAT}/red_hat_enterprise_linux/8/html/considerations_in_adopting_rhel_8/"
            "dynamic-programming-languages-web-servers-database-servers_considerations-in-adopting-rhel-8",
            _of("python3.9", "683264304fca4a103ed5be692152e483e8ab5737"),
            f"{_ALMA}/10.1.md",
        ),
    ),
}
UNPROVED: Mapping[str, str] = {
    "pacemaker": "3.0.1 is newer than Debian 13's 3.0.0, by corrections.",
    "OpenSSH": "8.0 as the nodes' sshd: forwarding to a socket, the newest thing that is asked of "
    "it, came with 6.7, by its sources; where it forwards none, the relay by sudo serves.",
    "rpm": "4.14.3: its list of tags and its aliases have all that is asked "
    "(`lib/rpmtag.h`, `rpmpopt.in` of the tag rpm-4.14.3-release).",
    "MariaDB": "10.3, the oldest of RHEL 8's: nothing was done instead.",
    "httpd": "2.4.37: its access log, `httpd -t` and its answers are all that is read of it.",
    "systemd": "239: each option is in its manual pages or its tables of options; `systemctl show "
    "--value` came with 230.",
    "sudo": "1.9.17p2 is newer than Debian 13's.",
    "bash": "4.4.20: 4.4.19, built from its sources, was put in the place of `sh` and `bash` on a "
    "machine with Debian 12. It read every script that the runbook has, and 212 tests that start "
    "them were green with it.",
    "coreutils": "8.30: each option is in its sources' tables of options or, by its NEWS, older "
    "(`sync FILE` 8.24, `df --output` 8.21, `timeout` with a fraction 8.13).",
    "util-linux": "2.32.1: `setsid --fork` came with 2.32, by its release notes; `flock` is older.",
    "perl": "5.26.3: only the relay to a database's socket needs it, with modules of its core.",
    "Python": "3.6.8: the runbook needs none on a node. Where there is no perl, the relay is tried "
    "with Python, in words that 3.6 knows.",
}
"""Tool -> what was done instead of a run, where a RHEL's version lies outside of those run."""
