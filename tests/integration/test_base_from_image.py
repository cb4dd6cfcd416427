"""The base of the node image, really made of an image: Debian 11, which asks most of it.

Its minimal image has /bin beside /usr/bin, and packages of another suite come in.
"""

import subprocess
import uuid
from collections.abc import Iterator

import pytest

from rehearsal import base_image, bases, debootstrap, from_image, host, podman, step

pytestmark = [pytest.mark.integration, pytest.mark.lengthy]
OURS, BASE = step.load(), bases.find("bullseye")


def inside(image: str, command: str) -> str:
    words = ("run", "--rm", "--network", "none", "--no-hosts", *podman.limits(), image, "sh", "-c")
    return podman.podman(*words, command).stdout


@pytest.fixture(scope="module")
def built() -> Iterator[str]:
    host.prepare()
    host.install_builders()
    mark = uuid.uuid4().hex[:8]
    minimal, made = (f"localhost/rehearsal-test-{mark}-{what}:1" for what in ("minimal", "base"))
    command = ["mmdebstrap", "--variant=minbase", BASE.name, "-", *debootstrap.mirrors(BASE.name)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as maker:
        subprocess.run(["podman", "import", "-", minimal], stdin=maker.stdout, check=True)
    assert maker.returncode == 0
    try:
        assert inside(minimal, "test -L /bin || echo apart") == "apart\n"
        from_image.build(OURS, BASE, from_image.origin(minimal, BASE), made)
        yield made
    finally:
        podman.podman("rmi", "--force", made, minimal, check=False, timeout=120)


def test_all_packages_are_there_and_whole(built: str) -> None:
    names = {package.partition("/")[0] for package in base_image.package_list(OURS, BASE)}
    told = inside(built, "dpkg-query -W -f '${Package} ${db:Status-Status}\\n'; dpkg --audit")
    rows = dict(line.split(maxsplit=1) for line in told.splitlines())
    assert set(rows.values()) == {"installed"}
    assert names <= set(rows)


def test_usr_is_merged_and_its_programs_start(built: str) -> None:
    told = inside(built, "readlink /bin /sbin /lib /lib64; /bin/touch /tmp/x && which touch")
    assert told.split() == ["usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "/usr/bin/touch"]


def test_what_the_build_needed_is_gone(built: str) -> None:
    paths = " ".join(base_image.LEFT_OUT)
    gone = f"ls -d {paths} /usr/sbin/policy-rc.d /var/lib/apt/lists/*_* /var/lib/mysql /mnt/*"
    assert inside(built, f"{gone} 2>/dev/null; true") == ""
    assert inside(built, "cat /etc/hosts").startswith("127.0.0.1 localhost\n")
    assert inside(built, "find /etc/hosts -printf %m") == "644"


def test_a_package_of_another_suite_comes_alone(built: str) -> None:
    told = inside(built, "dpkg-query -W -f '${Package} ${Version}\\n' ocsinventory-server libc6")
    server, libc = (line.split()[1] for line in sorted(told.splitlines(), reverse=True))
    assert "deb11" in libc
    assert server.startswith("2.8.1+dfsg1+~2.11")
