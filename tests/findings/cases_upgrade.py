"""The rounds and what comes after them: verification, failover proof, follow-up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.findings import shims
from tests.findings.case import REACHED, Case, Start, green, red
from tests.findings.cases_connection import inventory_corrected
from tests.findings.killed import run_until_killed
from tests.findings.repairs import leftover_migrated, remedy_followed
from tests.matrix.edges import Point

if TYPE_CHECKING:
    from tests.findings.lab import Lab

HTTPD = "verification.httpd"
_RECORDS = "/var/lib/neteye-runbook"
_UNIT = "/etc/systemd/system/httpd.service"
_LIST = "ocsweb.agents.jsonl.gz"


def _meanwhile(lab: Lab, on: str, *argv: str, task: str = "health") -> None:
    lab.set(meanwhile=[{"command": "upgrade", "task": task, "on": on, "argv": list(argv)}])


def records_open(lab: Lab) -> None:
    """Everybody on N may read what the runbook keeps there."""
    lab.on_active('chmod 755 "$1"', _RECORDS)


def httpd_by_systemd(lab: Lab) -> None:
    """systemd starts httpd with OTHER."""
    lab.cluster.run(lab.cluster.other, ("systemctl", "--quiet", "enable", "httpd"))


def other_port(lab: Lab) -> None:
    """httpd listens on a port that nobody asks."""
    lab.on_operative('sed -i "s/^Listen .*/Listen 127.0.0.1:80/; s/:80$/:8099/" "$1"', _HTTPD_CONF)


_HTTPD_CONF = "/etc/httpd/conf/httpd.conf"


def usual_port(lab: Lab) -> None:
    """httpd's configuration mended, the commands run."""
    lab.on_operative('sed -i "s/^Listen 127.0.0.1:8099/Listen 80/" "$1"', _HTTPD_CONF)
    lab.follow_remedies()


def sockets_not_listed(lab: Lab) -> None:
    """ss of N lists no sockets."""
    shims.put(lab, lab.cluster.active, "ss", "exit 0")


def sockets_listed(lab: Lab) -> None:
    """The program replaced, the commands run."""
    shims.take(lab, lab.cluster.active, "ss")
    lab.follow_remedies()


_BACKUPS = "/var/lib/neteye-runbook/attempts/*/backups"
_AGAIN = f"""
for kept in {_BACKUPS}/*.conf.package-default; do
  name=${{kept##*/}}
  cp "$kept" "/etc/httpd/conf.d/${{name%.package-default}}.rpmnew"
done
"""
"""The package's files put beside the merged ones again."""


def files_made_anew(lab: Lab) -> None:
    """Somebody puts the .rpmnew of both files on each node again, in the next round."""
    deed = {"command": "upgrade", "task": "packages", "argv": ["sh", "-c", _AGAIN]}
    lab.set(meanwhile=[{**deed, "on": on} for on in ("active", "other")])


def made_no_more(lab: Lab) -> None:
    """Who made the files anew stopped; what they have is migrated: they are removed."""
    lab.set(meanwhile=[])
    lab.on_operative("rm -f /etc/httpd/conf.d/*.rpmnew")


_IN_TURN = f"""
if [[ "$*" == "-q --enablerepo=neteye check-update" ]] && ! ls /etc/httpd/conf.d/*.rpmnew; then
  name=ocsinventory-server
  if mkdir /root/turn; then :; else rmdir /root/turn; name=$name-restapi; fi
  cp {_BACKUPS}/$name.conf.package-default /etc/httpd/conf.d/$name.conf.rpmnew
fi >/dev/null 2>&1
exec "$REAL" "$@"
"""


def another_file_each_round(lab: Lab) -> None:
    """Each round leaves the .rpmnew of one file on OTHER, another one than the round before."""
    shims.put(lab, lab.cluster.other, "dnf", _IN_TURN)


def none_left_behind(lab: Lab) -> None:
    """What left the files stopped, as the task's log tells."""
    shims.take(lab, lab.cluster.other, "dnf")


def release_taken_back(lab: Lab) -> None:
    """OTHER says that it is at 4.25 whenever its release file was written."""
    back = ("sed", "-i", "s/4[.]26/4.25/", _RELEASE)
    run = ("systemd-run", "--quiet", "--unit=back", f"--path-property=PathChanged={_RELEASE}")
    lab.cluster.run(lab.cluster.other, ("sed", "-i", "s/4[.]26/4.25/", _RELEASE))
    lab.cluster.run(lab.cluster.other, (*run, *back))


_RELEASE = "/etc/neteye-release"


def release_written(lab: Lab) -> None:
    """What took the release file back stopped, and the file as the upgrade had written it."""
    lab.cluster.run(lab.cluster.other, ("systemctl", "stop", "back.path"))
    lab.cluster.run(lab.cluster.other, ("sed", "-i", "s/4[.]25/4.26/", _RELEASE))


def shared_files_copied(lab: Lab) -> None:
    """httpd's shared directory is unmounted on N, and a copy of it lies there; httpd does not ask
    for a mount, and nobody watches."""
    watched = ("pcs", "resource", "update", "httpd_drbd_fs", "op", "monitor", "interval=20s")
    lab.cluster.run(lab.cluster.active, (*watched, "timeout=40s", "enabled=false"))
    lab.on_active(_COPIED, "/neteye/shared/httpd", f"{_UNIT}.d/site.conf")


_COPIED = r"""
cp -a "$1" /root/shared
umount --lazy "$1"
cp -a /root/shared/. "$1"
mkdir "${2%/*}"
printf '[Unit]\nAssertPathIsMountPoint=\n' > "$2"
systemctl daemon-reload
"""


def shared_files_mounted(lab: Lab) -> None:
    """The copy removed, the resource started again and watched: it mounts what is shared."""
    active = lab.cluster.active
    lab.cluster.shell(active, 'find "$1" -mindepth 1 -delete', "/neteye/shared/httpd")
    lab.cluster.run(active, ("pcs", "resource", "restart", "httpd_group", "--wait=120"))
    watched = ("pcs", "resource", "update", "httpd_drbd_fs", "op", "monitor", "interval=20s")
    lab.cluster.run(active, (*watched, "timeout=40s", "enabled=true"))


def merged_file_refused(lab: Lab) -> None:
    """On N `httpd -t` has a complaint of the merged file, which httpd itself takes."""
    shims.put(lab, lab.cluster.active, "httpd", _REFUSED)


_REFUSED = """
file=/etc/httpd/conf.d/ocsinventory-server.conf
if [ "${1-}" = -t ] && grep -q OCS_DB_PASSWORD "$file"; then
  echo "Syntax error on line 1 of $file: not liked"
  exit 1
fi
exec "$REAL" "$@"
"""


def merged_file_taken(lab: Lab) -> None:
    """What did not like the file removed, then the commands run: the old files are back."""
    shims.take(lab, lab.cluster.active, "httpd")
    lab.follow_remedies()


def modes_not_kept(lab: Lab) -> None:
    """On OTHER chmod changes nothing below /etc/httpd/conf.d."""
    script = 'case "$*" in *--reference*/etc/httpd/conf.d/*) exit 0;; esac\nexec "$REAL" "$@"'
    shims.put(lab, lab.cluster.other, "chmod", script)


def modes_as_before(lab: Lab) -> None:
    """Another run finds it again; then chmod works again, and the commands run."""
    lab.expect_again()
    shims.take(lab, lab.cluster.other, "chmod")
    lab.follow_remedies()


def file_left_late(lab: Lab) -> None:
    """A package leaves a file for a person to migrate when nothing looks for it any more."""
    argv = ("install", "-m", "644", "/etc/hosts", "/etc/logrotate.d/foreign.rpmnew")
    _meanwhile(lab, "other", *argv, task="finalise")


def window_too_short_by_now(lab: Lab) -> None:
    """The update is done, the run was killed before the first round; five minutes are left."""
    run_until_killed(lab, REACHED[Start.FIRST_ROUND], Point.BEFORE_INTENT)
    end = datetime.now(UTC) + timedelta(minutes=5)
    lab.give(runbook_window_end=end.isoformat(timespec="seconds"))


def service_unmanaged(lab: Lab) -> None:
    """Somebody takes a service out of pacemaker's hands during the last round."""
    _meanwhile(lab, "active", "pcs", "resource", "unmanage", "nats-server")


def managed_again(lab: Lab) -> None:
    """Service and support called; by their word the resource is managed again."""
    lab.on_active("pcs resource manage nats-server")


def httpd_without_credentials(lab: Lab) -> None:
    """The httpd of OTHER does not read the credentials file any more."""
    lab.cluster.shell(lab.cluster.other, _WITHOUT, _UNIT)


_WITHOUT = r"""
cp -a "$1" /root/httpd.service
sed -i '/^EnvironmentFile/d' "$1"
systemctl daemon-reload
"""


def proved_by_hand(lab: Lab) -> None:
    """The node mended and proved by hand, then the finding accepted with what was seen."""
    script = 'cp -a /root/httpd.service "$1"; systemctl daemon-reload'
    lab.cluster.shell(lab.cluster.other, script, _UNIT)
    reason = "failover-ocs-failed=mended, httpd was there and answered"
    lab.answers += ["--accept", reason, "--by", "A. Operator"]


def days_later(lab: Lab) -> None:
    """The upgrade is done, and no agent has sent an inventory since."""
    ran = lab.run()
    lab.more += ["--follow-up", str(ran.directory)]


def list_lost(lab: Lab) -> None:
    """The upgrade is done, and the list of the machines to follow up is lost here and on N."""
    lab.run()
    looked = lab.run("--plan")  # by its evidence the list is on N: it has fetched none itself
    lab.more += ["--follow-up", str(looked.directory)]
    lab.on_active('mkdir /root/lists; mv "$1"/attempts/*/backups/"$2" /root/lists', _RECORDS, _LIST)
    for path in (lab.clone / "reports").glob(f"*/backups/{_LIST}"):
        path.unlink()


def list_found(lab: Lab) -> None:
    """The list brought back to N from a copy, and no machine is left that has not sent."""
    lab.on_active('mv /root/lists/"$2" "$1"/attempts/*/backups/', _RECORDS, _LIST)
    machines_gone(lab)


def machines_gone(lab: Lab) -> None:
    """The machines that send no more taken out of the inventory."""
    lab.cluster.sql("DELETE FROM ocsweb.memories; DELETE FROM ocsweb.hardware")
    lab.answers += lab.more


UPGRADE: tuple[Case, ...] = (
    red(
        "window-too-short-by-now",
        Start.BEGINNING,
        "upgrade.window",
        "window-too-short",
        11,
        inventory_corrected,
        scenario="guide",
        strike=window_too_short_by_now,
    ),
    red(
        "file-left-late",
        Start.LAST_ROUND,
        "verification.leftovers",
        "rpmnew-foreign",
        1,
        leftover_migrated,
        strike=file_left_late,
    ),
    green(
        "records-open",
        Start.FIRST_ROUND,
        "preflight.records",
        "file-open",
        strike=records_open,
        repair=remedy_followed,
    ),
    green(
        "httpd-by-systemd",
        Start.LAST_ROUND,
        HTTPD,
        "service-enabled",
        strike=httpd_by_systemd,
        repair=remedy_followed,
    ),
    red("httpd-on-another-port", Start.LAST_ROUND, HTTPD, "not-listening", 1, usual_port,
        strike=other_port, not_accepted="OCS does not answer where nothing listens"),
    red("sockets-not-listed", Start.LAST_ROUND, HTTPD, "not-listening", 1, sockets_listed,
        strike=sockets_not_listed),
    red("shared-files-copied", Start.LAST_ROUND, HTTPD, "not-mounted", 1, shared_files_mounted,
        strike=shared_files_copied),
    red("merged-file-refused", Start.PLANNED_STOP, "migration.files[1][{active}]",
        "ocs-httpd-complains", 11, merged_file_taken, strike=merged_file_refused),
    red("modes-not-kept", Start.PLANNED_STOP, "migration.files[1][{other}]", "file-owner-changed",
        1, modes_as_before, strike=modes_not_kept),
    red("files-made-anew", Start.LAST_ROUND, "upgrade.stop[2]", "planned-stop-again", 1,
        made_no_more, strike=files_made_anew),
    red("release-taken-back", Start.LAST_ROUND, "verification.versions", "version-not-reached", 1,
        release_written, strike=release_taken_back),
    red("rounds-used-up", Start.LAST_ROUND, "verification.command", "rounds-exhausted", 1,
        none_left_behind, strike=another_file_each_round),
    red("service-unmanaged", Start.LAST_ROUND, "verification.mid_upgrade", "resource-unmanaged", 1,
        managed_again, strike=service_unmanaged, warnings="support-needed"),
    red("failover-without-credentials", Start.REACTIVATION, "failover.proof[{other}]",
        "failover-ocs-failed", 1, proved_by_hand, strike=httpd_without_credentials),
    Case("agents-open", Start.BEGINNING, "followup.agents", (), 11, machines_gone,
         strike=days_later, warnings=("agents-open",), is_upgraded=False),
    red("agents-list-lost", Start.BEGINNING, "followup.list", "agents-list-missing", 10, list_found,
        strike=list_lost, is_upgraded=False),
)  # fmt: skip
