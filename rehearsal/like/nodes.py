"""Commands of a node's first start that make it like the snapshot's: files, programs, sshd, dnf.

Texts of the snapshot are arguments and standard input, never part of a command.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rehearsal.like.snapshot import Node, Repository, Snapshot
from rehearsal.scenario import NodeStep

OWN_REPOSITORY = "neteye"
DNF_SETTINGS = (
    *("exclude", "includepkgs", "best", "strict", "skip_broken", "obsoletes", "assumeno"),
    *("assumeyes", "clean_requirements_on_remove", "installonly_limit", "install_weak_deps"),
    *("gpgcheck", "keepcache", "module_obsoletes", "skip_if_unavailable", "timeout", "retries"),
)
"""Settings of dnf that a twin takes over; the others depend on real repositories."""
LIMITED = ("/var", "/neteye")
"""Directories that can be file systems of limited size."""
_LITTLE_MB = 16 * 1024
_LEFT = """
for path in "$@"; do
  mkdir -p "${path%/*}"
  [ -e "$path" ] || printf 'left behind by a package, as in the snapshot\\n' > "$path"
done
"""
_AWAY = """
for program in "$@"; do
  while path=$(command -v "$program") && [ -f "$path" ]; do mv "$path" /root/; hash -r; done
done
"""
_SET = """
file=$1; shift
while [ $# -gt 0 ]; do
  sed -i "/^$1 *=/d" "$file"
  printf '%s=%s\\n' "$1" "$2" >> "$file"
  shift 2
done
"""
_EMPTY = "/usr/share/neteye-rehearsal/empty-repository"
_REPOSITORIES = f"""
mkdir -p {_EMPTY}
createrepo_c --quiet {_EMPTY}
printf '%s\\n' "$@" > /etc/yum.repos.d/snapshot.repo
"""
_SSHD = """
printf '%s\\n' 'AllowTcpForwarding no' 'AllowStreamLocalForwarding no' \\
  > /etc/ssh/sshd_config.d/01-forwarding.conf
"""
# steps of boot.json run before systemd: nothing has a file below these directories open yet
_LIMIT = """
used=$(du -sxm "$1" | cut -f1)
mkdir -p /mnt/limited
mount -t tmpfs -o "size=$((used + $2))m,mode=755" tmpfs /mnt/limited
cp -a --one-file-system "$1/." /mnt/limited/
mount --move /mnt/limited "$1"
"""


def first_start(snapshot: Snapshot) -> tuple[NodeStep, ...]:
    """All of them, node by node."""
    return tuple(
        NodeStep(number, ("bash", "-euc", script, "twin", *words))
        for number, node in enumerate(snapshot.nodes, start=1)
        for script, words in _commands(node)
    )


def _commands(node: Node) -> Iterator[tuple[str, Sequence[str]]]:
    if node.leftovers:
        yield _LEFT, node.leftovers
    settings = [w for pair in node.dnf.items() if pair[0] in DNF_SETTINGS for w in pair]
    if settings:
        yield _SET, ("/etc/dnf/dnf.conf", *settings)
    for one in node.repositories:
        if one.name == OWN_REPOSITORY and _lists(one):
            words = [word for pair in _lists(one) for word in pair]
            yield _SET, (f"/etc/yum.repos.d/{OWN_REPOSITORY}.repo", *words)
    others = [line for one in node.repositories for line in _section(one)]
    if others:
        yield _REPOSITORIES, others
    if not node.can_forward:
        yield _SSHD, ()
    if node.programs_missing:
        yield _AWAY, node.programs_missing
    for directory, free in limited(node):
        yield _LIMIT, (directory, str(free))


def _lists(one: Repository) -> Sequence[tuple[str, str]]:
    lists = (("exclude", one.exclude), ("includepkgs", one.include))
    return [(name, value) for name, value in lists if value]


def _section(one: Repository) -> Sequence[str]:
    """A repository of that id, without a package."""
    if one.name == OWN_REPOSITORY:
        return ()
    return (
        f"[{one.name}]",
        f"name={one.name}, as in the snapshot",
        f"baseurl=file://{_EMPTY}",
        f"enabled={int(one.is_enabled)}",
        "gpgcheck=0",
        *(f"{name}={value}" for name, value in _lists(one)),
    )


def limited(node: Node) -> Sequence[tuple[str, int]]:
    """(directory, free MB) where there is little room; enough room need not be limited."""
    found = []
    for directory in LIMITED:
        holding = [one for one in node.file_systems if _holds(one.at, directory)]
        if holding:
            free = max(holding, key=lambda one: len(one.at)).free
            if free < _LITTLE_MB:
                found.append((directory, free))
    return found


def _holds(at: str, directory: str) -> bool:
    return directory == at or directory.startswith(f"{at.rstrip('/')}/")
