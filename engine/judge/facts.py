"""Simple facts of a node, as testinfra's host tells them: services, mounts, who may read a file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from engine.judge.text import listed
from engine.model.finding import Command, Finding

AGAIN = "then run again."


def clock_unkept(kept: Mapping[str, bool], unit: str) -> list[Finding]:
    """Something keeps the node's clock. Code: `clock-unkept`."""
    seen = f"{unit} does not run: the clock agrees now, and nothing keeps it so"
    way = "Start it there, with the node too, unless something else keeps the clock."
    expected = f"{unit} running on every node"
    started = _systemctl("enable", "--now", unit)
    return _each("clock-unkept", _without(kept), seen, expected, way, started)


def sshd_off(enabled: Mapping[str, bool]) -> list[Finding]:
    """sshd comes with the node's next start. Code: `sshd-not-enabled`."""
    seen = "sshd is not enabled: after its next start the node is out of reach"
    way = "Enable it there."
    expected, enable = "sshd started with the node", _systemctl("enable", "sshd.service")
    return _each("sshd-not-enabled", _without(enabled), seen, expected, way, enable)


def started_by_systemd(enabled: Mapping[str, bool], unit: str) -> list[Finding]:
    """Nothing but pacemaker starts a service that pacemaker runs. Code: `service-enabled`."""
    nodes = [node for node, is_enabled in enabled.items() if is_enabled]
    seen = f"{unit} is enabled: it starts with the node, where pacemaker did not put it"
    way = "Disable it there: pacemaker starts it all the same."
    expected, disable = "a unit that pacemaker alone starts", _systemctl("disable", unit)
    return _each("service-enabled", nodes, seen, expected, way, disable)


def updates_automatic(timers: Mapping[str, Collection[str]]) -> list[Finding]:
    """No timer installs packages by itself. Code: `updates-automatic`."""
    nodes = [node for node, units in timers.items() if units]
    units = sorted({unit for found in timers.values() for unit in found})
    seen = f"{listed(units)} may install packages at any time, in the middle of the upgrade too"
    way = (
        "Stop it there until the upgrade is over, unless it only downloads (apply_updates in"
        " /etc/dnf/automatic.conf)."
    )
    expected = "packages changed by the upgrade alone"

    def stop(node: str) -> Command:
        return _systemctl("stop", *timers[node])(node)

    return _each("updates-automatic", nodes, seen, expected, way, stop)


def read_only(mounts: Mapping[str, Collection[str]]) -> list[Finding]:
    """No file system that packages are written to is mounted read-only.

    Code: `filesystem-read-only`. There may be room on it, and no package can be installed.
    """
    subjects = [f"{node}:{path}" for node, paths in mounts.items() for path in paths]
    way = f"Find out why (a disk with errors ends so: `dmesg`), mount it writable, {AGAIN}"
    seen, expected = "mounted read-only", "a writable one"
    remount = _on_path("mount", "-o", "remount,rw")
    return _each("filesystem-read-only", subjects, seen, expected, way, remount)


def open_to_others(node: str, modes: Mapping[str, int]) -> list[Finding]:
    """Nobody but its owner may read a file, or enter a directory. Code: `file-open`."""
    subjects = [f"{node}:{path}" for path, mode in modes.items() if mode & 0o077]
    seen = f"group or others may read it ({listed([f'{mode:04o}' for mode in modes.values()])})"
    way = "Find out who opened it, and close it: what lies there is confidential."
    expected, close = "nothing for group and others", _on_path("chmod", "go=", "--")
    return _each("file-open", subjects, seen, expected, way, close)


def modes_told(modes: Mapping[str, int]) -> str:
    """The modes that `open_to_others` judges, in words."""
    return ", ".join(f"{path} has mode {mode:04o}" for path, mode in modes.items())


def owner_changed(node: str, path: str, before: str, now: str) -> list[Finding]:
    """A file that was replaced has owner, group and mode as before. Code: `file-owner-changed`.

    Both are `OWNER GROUP MODE`, the mode in octal digits.
    """
    subjects = [f"{node}:{path}"] if before != now else []
    way = f"Make it there as before, {AGAIN}"
    seen, wanted = f"{now} (owner, group, mode)", f"{before}, as before"
    owner, group, mode = before.split()
    own, allow = _on_path("chown", f"{owner}:{group}", "--"), _on_path("chmod", mode, "--")
    return _each("file-owner-changed", subjects, seen, wanted, way, own, allow)


def not_mounted(node: str, path: str, is_mounted: bool) -> list[Finding]:
    """A shared directory is mounted where its service runs. Code: `not-mounted`."""
    seen = "nothing is mounted there: the service works with files of the node's own"
    way = f"See `pcs status` and `findmnt {path}` on the node, mend the cause, {AGAIN}"
    subjects = [] if is_mounted else [f"{node}:{path}"]
    return _each("not-mounted", subjects, seen, "what moves with the service", way)


def not_listening(
    node: str, unit: str, ports: Mapping[int, bool], restart: Command
) -> list[Finding]:
    """A service listens on one of its ports at least. Code: `not-listening`.

    `restart` is how it reads what was mended.
    """
    subjects = [] if any(ports.values()) else [f"{node}:{unit}"]
    seen = f"it is started, and nothing listens on {listed(list(map(str, ports)))}"
    way = f"See `journalctl -u {unit}` on the node, mend its configuration, restart it, {AGAIN}"
    expected = "one of these ports at least"
    return _each("not-listening", subjects, seen, expected, way, lambda _: restart)


def _without(holds: Mapping[str, bool]) -> list[str]:
    return [node for node, is_so in holds.items() if not is_so]


def _systemctl(*words: str) -> Callable[[str], Command]:
    """For a subject that is the node."""
    return lambda node: Command(node, ("systemctl", *words))


def _on_path(*words: str) -> Callable[[str], Command]:
    """For a subject that is `NODE:PATH`."""

    def command(subject: str) -> Command:
        node, _, path = subject.partition(":")
        return Command(node, (*words, path))

    return command


def _each(
    code: str,
    subjects: Iterable[str],
    observed: str,
    expected: str,
    remedy: str,
    *healing: Callable[[str], Command],
) -> list[Finding]:
    return [
        Finding(code, subject, observed, expected, remedy).healed_by(
            *(make(subject) for make in healing)
        )
        for subject in subjects
    ]
