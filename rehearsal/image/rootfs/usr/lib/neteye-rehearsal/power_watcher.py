#!/usr/bin/python3
"""The node's power switch, the counterpart of the fence agent `fence_rehearsal`.

It holds an exclusive lock on /.power/NODE.alive as long as the node lives. When /.power/NODE.off
appears, the whole node stops at once: reboot(2) in a container ends its process namespace, and
with it the lock. Whoever gets the lock afterwards knows that the node is dead.
"""

import ctypes
import fcntl
import os
import platform
import signal
import socket
import sys
import time
from pathlib import Path

POWER = Path("/.power")
POLL_SECONDS = 0.2
RB_POWER_OFF = 0x4321FEDC
SIGRTMIN_POWEROFF_NOW = signal.SIGRTMIN + 14  # systemd as PID 1: power off without stopping units


def main() -> int:
    name = platform.node()
    with (POWER / f"{name}.alive").open("w", encoding="ascii") as alive:
        try:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{alive.name} is locked: another {name} is alive", file=sys.stderr)
            return 1
        tell_systemd_ready()
        pill = POWER / f"{name}.off"
        while not pill.exists():
            time.sleep(POLL_SECONDS)
        power_off()
    return 1


def tell_systemd_ready() -> None:
    """sd_notify without a library."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect("\0" + address[1:] if address.startswith("@") else address)
        channel.sendall(b"READY=1")


def power_off() -> None:
    """Stop the node now. Returns only if the kernel refused and systemd has to do it."""
    if Path("/run/.containerenv").exists():  # never a real machine
        ctypes.CDLL(None, use_errno=True).reboot(RB_POWER_OFF)
    os.kill(1, SIGRTMIN_POWEROFF_NOW)


if __name__ == "__main__":
    sys.exit(main())
