"""Which kernel runs, which one the next start takes, and whether that one has the DRBD module."""

from __future__ import annotations

from engine.model.answer import Answer
from engine.model.host import Kernels
from engine.model.query import Query

# args: where modules lie, what is there while the DRBD module is loaded. `weak-updates` holds links
# to the module of another kernel (kmod-drbd): one that leads nowhere does not count
_KERNELS = r"""
set -u
uname -r
if [ -e "$2" ]; then echo loaded; else echo -; fi
# no grubby: no default is known
grubby --default-kernel 2> /dev/null | sed -n '1s/^.*vmlinuz-/default /p'
rpm -q kernel-core --qf '%{INSTALLTIME} %{VERSION}-%{RELEASE}.%{ARCH}\n' | grep '^[0-9]' \
  | while read -r time version; do
    module=$(find "$1/$version/" -name 'drbd.ko*' -exec test -e {} ';' -print -quit 2> /dev/null)
    if [ -n "$module" ] || grep -qs '/drbd\.ko' "$1/$version/modules.builtin"; then
      printf '%s %s drbd\n' "$time" "$version"
    else
      printf '%s %s -\n' "$time" "$version"
    fi
  done
"""


def _kernels(answer: Answer) -> Kernels:
    running, loaded, *told = answer.text.splitlines()
    defaults = [line.split()[1:2] for line in told if line.startswith("default ")]
    installed = [line for line in told if not line.startswith("default ")]
    # the boot loader's default is taken; where none is told, what was installed last became it
    chosen = [line for line in installed if line.split()[1:2] in defaults]
    newest = max(chosen or installed, default="").split()
    if newest and len(newest) != 3:
        raise ValueError(f"{' '.join(newest)[:80]!r}, expected a time, a version and a mark")
    return Kernels(
        running.strip(),
        newest[1] if newest else None,
        uses_drbd=loaded == "loaded",
        newest_has_drbd=bool(newest) and newest[2] == "drbd",
    )


KERNELS: Query[Kernels] = Query(
    name="kernels",
    argv=("sh", "-c", _KERNELS.strip(), "kernels", "/lib/modules", "/sys/module/drbd"),
    parse=_kernels,
)
