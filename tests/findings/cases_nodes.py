"""What the nodes have, lack or do: room, programs, packages, kernels, health, files left over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from runbook.to_4_26.release import RELEASE
from tests.findings import shims
from tests.findings.case import Case, Deed, Start, green, preflight
from tests.findings.repairs import package_taken_again, remedy_followed

if TYPE_CHECKING:
    from tests.findings.lab import Lab

FAULTS = "/etc/neteye-rehearsal/faults.json"
_CONF = "/etc/httpd/conf.d/ocsinventory-server.conf"
_EXTRAS = "/etc/yum.repos.d/extras.repo"


def no_room(lab: Lab) -> None:
    """1 MB is left on every file system of OTHER."""
    table = r"""awk 'NR > 1 { $4 = 1000000 } { print }'"""
    # asked of one directory, it tells the truth: the room for the backup is another finding
    script = f'if [ "$*" = "-P -B1" ]; then "$REAL" "$@" | {table}; else exec "$REAL" "$@"; fi'
    shims.put(lab, lab.cluster.other, "df", script)


def room_made(lab: Lab) -> None:
    """Room made."""
    shims.take(lab, lab.cluster.other, "df")


def boot_read_only(lab: Lab) -> None:
    """/boot of OTHER is mounted read-only."""
    lab.cluster.shell(lab.cluster.other, "mount --bind /boot /boot; mount -o remount,ro,bind /boot")


def boot_writable(lab: Lab) -> None:
    """The commands that the finding prints; then the mount that the case made is gone."""
    lab.follow_remedies()
    lab.cluster.run(lab.cluster.other, ("umount", "/boot"))


def known_file_left(lab: Lab) -> None:
    """OTHER has an .rpmnew of one of the two OCS files before the upgrade."""
    lab.cluster.run(lab.cluster.other, ("cp", "-a", _CONF, f"{_CONF}.rpmnew"))


def known_file_compared(lab: Lab) -> None:
    """The .rpmnew compared, and removed."""
    lab.cluster.run(lab.cluster.other, ("rm", f"{_CONF}.rpmnew"))


def no_cmp(lab: Lab) -> None:
    """OTHER has no cmp."""
    lab.cluster.run(lab.cluster.other, ("mv", "/usr/bin/cmp", "/usr/bin/cmp.away"))


def cmp_installed(lab: Lab) -> None:
    """The program installed."""
    lab.cluster.run(lab.cluster.other, ("mv", "/usr/bin/cmp.away", "/usr/bin/cmp"))


def client_set_up(lab: Lab) -> None:
    """root's database client has a user in ~/.my.cnf where the database runs, and not on N."""
    lab.cluster.shell(
        lab.cluster.node_of("mariadb"), r'printf "[client]\nuser=root\n" > /root/.my.cnf'
    )


def client_alike(lab: Lab) -> None:
    """The option that nobody needs taken out of ~/.my.cnf."""
    lab.cluster.run(lab.cluster.node_of("mariadb"), ("rm", "/root/.my.cnf"))


def somebody_updates(lab: Lab) -> None:
    """Somebody runs `dnf update` on OTHER, which waits for an answer to its question."""
    lab.cluster.shell(lab.cluster.other, _UPDATING, str(RELEASE.target))


# args: the release whose packages are newer; nobody ever answers
_UPDATING = r"""
systemd-run -q --collect --unit=somebody --setenv=DNF0="$1" --setenv=LC_ALL=C \
  bash -c 'sleep infinity | dnf --enablerepo=neteye update > /run/somebody 2>&1'
timeout 120 sh -c 'until grep -q "Is this ok" /run/somebody; do sleep 0.2; done' ||
  { cat /run/somebody >&2; exit 1; }
"""


def somebody_done(lab: Lab) -> None:
    """That command's end: its question was answered with no."""
    lab.cluster.shell(lab.cluster.other, "systemctl stop somebody; rm /run/somebody")


def updates_by_timer(lab: Lab) -> None:
    """A timer of dnf-automatic runs on OTHER."""
    lab.cluster.shell(lab.cluster.other, _TIMER)


def timer_gone(lab: Lab) -> None:
    """The commands that the finding prints; then the units that the case made are gone."""
    lab.follow_remedies()
    script = "rm /etc/systemd/system/dnf-automatic.*; systemctl daemon-reload"
    lab.cluster.shell(lab.cluster.other, script)


_TIMER = r"""
cd /etc/systemd/system
printf '[Timer]\nOnCalendar=2099-01-01\n' > dnf-automatic.timer
printf '[Service]\nExecStart=/bin/true\n' > dnf-automatic.service
systemctl daemon-reload
systemctl start dnf-automatic.timer
"""


def transaction_broken_off(lab: Lab) -> None:
    """yum on OTHER has left a transaction unfinished."""
    lab.cluster.shell(
        lab.cluster.other, "mkdir -p /var/lib/yum; touch /var/lib/yum/transaction-all.2026-01-01"
    )


def transaction_looked_at(lab: Lab) -> None:
    """What is left of the transaction looked at, and removed."""
    lab.cluster.run(lab.cluster.other, ("rm", "-r", "/var/lib/yum"))


def repository_off(lab: Lab) -> None:
    """The repository that a package of the operative nodes came from is disabled."""
    lab.on_operative(_FROM_EXTRAS, _EXTRAS)


def package_of_the_main_one(lab: Lab) -> None:
    """The package taken again from the main repository, the disabled one removed."""
    package_taken_again(lab)
    lab.on_operative('rm "$1"', _EXTRAS)


_FROM_EXTRAS = r"""
printf '[neteye-extras]\nname=extras\ngpgcheck=0\nenabled=0\n' > "$1"
printf 'baseurl=file:///srv/repo/neteye-4.25\n' >> "$1"
dnf -q -y '--disablerepo=*' --enablerepo=neteye-extras reinstall neteye-scripts
"""


def newer_kernel(lab: Lab) -> None:
    """A kernel is installed on OTHER that is newer than the one that runs."""
    line = "echo 1790000000 9.9.9-1.el8.x86_64"
    script = f'case "$*" in *kernel-core*) {line};; *) exec "$REAL" "$@";; esac'
    shims.put(lab, lab.cluster.other, "rpm", script)


def kernel_without_drbd(lab: Lab) -> None:
    """The same, it is the default, OTHER uses DRBD, and that kernel has no module of it."""
    newer_kernel(lab)
    lab.cluster.shell(lab.cluster.other, _WITH_GRUBBY, _GRUBBY)
    lab.stack.callback(lab.cluster.shell, lab.cluster.other, _AS_BEFORE, _GRUBBY)
    lab.stack.callback(shims.take, lab, lab.cluster.other, "rpm")


_GRUBBY = "/usr/local/sbin/grubby"
# of Red Hat's grubby what is used here: the default is read and set
_WITH_GRUBBY = r"""
cat > "$1" <<'END'
#!/bin/sh
case "$1" in
--default-kernel) cat /root/default-kernel ;;
--set-default) printf '%s\n' "$2" > /root/default-kernel ;;
*) exit 1 ;;
esac
END
chmod 755 "$1"
"$1" --set-default /boot/vmlinuz-9.9.9-1.el8.x86_64
mount -t tmpfs none /sys/module
mkdir -p /sys/module/drbd "/lib/modules/$(uname -r)/extra"
touch "/lib/modules/$(uname -r)/extra/drbd.ko"
"""
_AS_BEFORE = 'rm -r "$1" /root/default-kernel "/lib/modules/$(uname -r)"; umount /sys/module'


def kernel_looked_at(lab: Lab) -> None:
    """The reboot left for after the upgrade."""
    shims.take(lab, lab.cluster.other, "rpm")


def unhealthy(status: int, message: str) -> str:
    """What the stand-in reads, of a check of `neteye health deep` that says this."""
    said: dict[str, Any] = {"status": status, "message": message}
    return json.dumps({"health": {"deep": {**said, "hang": False}}})


def _healthy(status: int, word: str) -> Deed:
    def strike(lab: Lab) -> None:
        text = unhealthy(status, f"{word} - something of OTHER")
        lab.cluster.shell(lab.cluster.other, 'printf %s "$2" > "$1"', FAULTS, text)

    strike.__doc__ = f"A check of `neteye health deep` is {word} on OTHER."
    return strike


def healthy(lab: Lab) -> None:
    """What the check told of mended."""
    lab.cluster.run(lab.cluster.other, ("rm", FAULTS))


SPACE, NEEDS, PACKAGES = "preflight.space", "preflight.needs", "preflight.repository"
KERNELS, HEALTH = "preflight.kernels", "preflight.health"


def _warned(name: str, step: str, codes: str, strike: Deed, repair: Deed, stays: str = "") -> Case:
    return green(name, Start.PREFLIGHT, step, codes, strike=strike, repair=repair, stays=stays)


NODES: tuple[Case, ...] = (
    preflight("no-room", SPACE, "disk-space", no_room, room_made, touches="room"),
    preflight(
        "boot-read-only",
        SPACE,
        "filesystem-read-only",
        boot_read_only,
        boot_writable,
        touches="boot",
    ),
    preflight(
        "known-file-left",
        "preflight.leftovers",
        "rpmnew-known",
        known_file_left,
        known_file_compared,
        also="preflight.health:health-critical",
        touches="ocs-rpmnew",
    ),
    preflight(
        "no-cmp", "preflight.ocs_needs", "program-missing", no_cmp, cmp_installed, touches="cmp"
    ),
    preflight(
        "client-set-up",
        NEEDS,
        "database-client",
        client_set_up,
        client_alike,
        touches="database-client",
    ),
    preflight(
        "somebody-updates",
        "preflight.commands",
        "command-running",
        somebody_updates,
        somebody_done,
        touches="commands",
        # there have to be updates that dnf asks about
        needs="repository dnf-excludes dnf-transaction dnf-settings packages",
    ),
    preflight(
        "kernel-without-drbd",
        KERNELS,
        "kernel-without-drbd",
        kernel_without_drbd,
        remedy_followed,
        touches="kernels",
    ),
    preflight(
        "health-critical",
        HEALTH,
        "health-critical",
        _healthy(2, "CRITICAL"),
        healthy,
        touches="health",
    ),
    preflight(
        "health-unknown",
        HEALTH,
        "health-unknown",
        _healthy(3, "UNKNOWN"),
        healthy,
        touches="health",
    ),
    _warned("health-warning", HEALTH, "health-warning", _healthy(1, "WARNING"), healthy),
    _warned("newer-kernel", KERNELS, "reboot-needed", newer_kernel, kernel_looked_at),
    _warned(
        "updates-by-timer", "preflight.commands", "updates-automatic", updates_by_timer, timer_gone
    ),
    _warned(
        "transaction-broken-off",
        PACKAGES,
        "transaction-failed",
        transaction_broken_off,
        transaction_looked_at,
    ),
    _warned(
        "repository-off",
        PACKAGES,
        "repository-disabled",
        repository_off,
        package_of_the_main_one,
    ),
    green("values-that-are-no-integers", Start.PREFLIGHT, "preflight.capacity", "capacity-dirty"),
    green(
        "access-changes",
        Start.PLANNED_STOP,
        "migration.files[1][{each}]",
        "ocs-access-changed",
    ),
    green(
        "updates-pending",
        Start.BEGINNING,
        "preflight.updates",
        "updates-pending",
        scenario="guide",
    ),
)
