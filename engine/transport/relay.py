"""A connection to a Unix socket of a node where ssh can't forward one: by a relay on the node.

ssh forwards as the user who logs in, and the database lets in root alone. So a small program on the
node connects its own standard input and output to the socket; `sudo -n` starts it where logins
become root, and it is started without sudo where root logs in and sshd forwards to no socket. It is
a session like any other over the node's connection. Here it looks like the socket itself: the ssh
client has one end of a socket pair, whoever asks has the other, and nothing lies between.

The program is one of two, for what a node certainly has:
- perl, by built-in functions alone, without a module. On Debian 11 to 13 it is perl-base, which is
  Essential (measured on 12: `dpkg -s perl-base`). On RHEL it comes with MariaDB's and mod_perl's
  packages: their scripts begin with its path.
- Python 3.6 or newer, which dnf is written in: /usr/libexec/platform-python on RHEL 8, where no
  `python3` need be (Red Hat, "Configuring basic system settings", on Python), `python3` elsewhere.
socat and nc need not be there, and MariaDB's client speaks no protocol through its standard input.

It says in one line how it stands, then only what the server says:
`+perl` or `+python` (connected), `-TEXT` (nobody listens there, TEXT is the system's word),
`!TEXT` (neither program is there). It holds at most 64 KiB each way and reads no more before that
is written. It ends when the server has ended; when its standard input has ended, as it does when
the controller closes, is killed or lost, and the server has been silent for `DRAIN` seconds since;
and when both sides have been silent for `SILENCE` seconds, in case sshd does not notice a loss.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from engine.errors import Unanswered
from engine.model.answer import Answer, Lost, LostKind
from engine.transport.session import ssh_environment
from engine.transport.wrapper import Demux

CONNECT = 10
"""Seconds for the socket to let the relay in: it blocks when its server does not take anybody."""
RELAY_DEADLINE = CONNECT + 5.0
"""Seconds until it is connected, sudo's own time included."""
DRAIN = 5
"""Seconds for the rest of an answer when its asker has gone."""
SILENCE = 4 * 3600
"""Seconds; longer than anybody keeps a session without a question."""
_STATUS_LIMIT = 64 * 1024
"""Bytes before the status; start-up files of a login shell may print some."""
_LEAVING = 2.0

# args: path, seconds to connect, of silence, of drain. 1, 1: AF_UNIX, SOCK_STREAM; 0x4040:
# MSG_NOSIGNAL | MSG_DONTWAIT, 11: EAGAIN, by number as the names would need modules. A pipe that
# select calls writable takes 4096 bytes (PIPE_BUF) without blocking.
_PERL = r"""
my ($path, $limit, $silence, $drain) = @ARGV;
$SIG{PIPE} = "IGNORE";
$SIG{ALRM} = sub { syswrite STDOUT, "-not connected after $limit seconds\n"; exit 3 };
alarm $limit;
my $server;
socket($server, 1, 1, 0) && connect($server, pack("S a*", 1, $path))
  or do { syswrite STDOUT, "-$!\n"; exit 3 };
alarm 0;
syswrite STDOUT, "+perl\n";
my ($asks, $says, $in, $out, $shut) = ("", "", 1, 1, 0);
while ($out || length $says) {
  shutdown($server, 1), $shut = 1 if !$in && !length $asks && !$shut;
  my ($r, $w) = ("", "");
  vec($r, 0, 1) = 1 if $in && !length $asks;
  vec($r, fileno $server, 1) = 1 if $out && !length $says;
  vec($w, fileno $server, 1) = 1 if length $asks;
  vec($w, 1, 1) = 1 if length $says;
  my $ready = select($r, $w, undef, $in ? $silence : $drain);
  next if $ready < 0;
  exit 4 if !$ready;
  if (vec($r, 0, 1)) { $in = 0 if !sysread STDIN, $asks, 65536 }
  if (vec($r, fileno $server, 1)) { $out = 0 if !sysread $server, $says, 65536 }
  if (vec($w, fileno $server, 1)) {
    my $sent = send $server, $asks, 0x4040;
    if (defined $sent) { substr($asks, 0, $sent) = "" }
    elsif ($! != 11) { ($asks, $in) = ("", 0) }
  }
  if (vec($w, 1, 1)) {
    my $sent = syswrite STDOUT, $says, 4096;
    exit 0 if !defined $sent;
    substr($says, 0, $sent) = "";
  }
}
""".strip()

_PYTHON = r"""
import os, select, signal, socket, sys
path, limit, silence, drain = os.fsencode(sys.argv[1]), *map(int, sys.argv[2:])
def late(*_):
    raise OSError(0, "not connected after %d seconds" % limit)
signal.signal(signal.SIGALRM, late)
signal.alarm(limit)
server = socket.socket(socket.AF_UNIX)
try:
    server.connect(path)
except OSError as error:
    os.write(1, ("-%s\n" % (error.strerror or error)).encode())
    sys.exit(3)
signal.alarm(0)
os.write(1, b"+python\n")
asks, says, is_in, is_out, is_shut = b"", b"", True, True, False
def read(number):
    try:
        return os.read(number, 65536)
    except OSError:
        return b""
while is_out or says:
    if not is_in and not asks and not is_shut:
        is_shut = True
        try:
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass
    reads = [0] * (is_in and not asks) + [server.fileno()] * (is_out and not says)
    writes = [server.fileno()] * bool(asks) + [1] * bool(says)
    reads, writes, _ = select.select(reads, writes, [], silence if is_in else drain)
    if not reads and not writes:
        sys.exit(4)
    if 0 in reads:
        asks = read(0)
        is_in = bool(asks)
    if server.fileno() in reads:
        says = read(server.fileno())
        is_out = bool(says)
    if server.fileno() in writes:
        try:
            asks = asks[server.send(asks, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL):]
        except BlockingIOError:
            pass
        except OSError:
            asks, is_in = b"", False
    if 1 in writes:
        try:
            says = says[os.write(1, says[:4096]):]
        except OSError:
            sys.exit(0)
""".strip()

# args: the two programs, then their own
_EITHER = """
perl=$1 python=$2
shift 2
command -v perl >/dev/null && exec perl -e "$perl" "$@"
for program in /usr/libexec/platform-python python3; do
command -v "$program" >/dev/null && exec "$program" -c "$python" "$@"
done
echo '!neither perl nor /usr/libexec/platform-python nor python3 is there'
""".strip()


def relay_argv(path: str, silence: int = SILENCE, drain: int = DRAIN) -> list[str]:
    """What runs on the node."""
    programs = [_EITHER, "relay", _PERL, _PYTHON]
    return ["sh", "-c", *programs, path, *map(str, (CONNECT, silence, drain))]


class Relay:
    """A running ssh client whose command on the node is a relay. OSError when it can't be started.

    What `socket` yields is the server's when `read_status` has returned `+PROGRAM`.
    """

    def __init__(self, client: Sequence[bytes], directory: Path) -> None:
        self.socket, theirs = socket.socketpair()
        with contextlib.ExitStack() as failed, theirs:
            failed.callback(self.socket.close)
            self._errors = failed.enter_context(tempfile.TemporaryFile(dir=directory))
            self._process = subprocess.Popen(
                list(client),
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._errors,
                env=ssh_environment(),
                start_new_session=True,
            )
            failed.pop_all()

    def read_status(self, out: Demux, told: bytearray, until: float) -> str:
        """The line in `told`, which is where `out` puts what the relay itself prints.

        Read byte by byte, as what comes behind it is not ours. '' when there is none: the client
        has ended, something else printed too much, or `until` (time.monotonic) came first.
        """
        for _ in range(_STATUS_LIMIT):
            self.socket.settimeout(max(0.001, until - time.monotonic()))
            try:
                byte = self.socket.recv(1)
            except OSError:
                return ""
            if not byte:
                return ""
            out.feed(byte)
            if told.endswith(b"\n"):
                self.socket.settimeout(None)
                return told.decode("utf-8", "backslashreplace").strip()
        return ""

    def end(self, err: Demux) -> int | None:
        """The client's exit code, None when it did not end; `err` gets what it said."""
        try:
            return self._leave()
        finally:
            err.feed(os.pread(self._errors.fileno(), _STATUS_LIMIT, 0))
            err.finish()

    def close(self) -> None:
        """End the client; the relay ends with its standard input."""
        self._leave()
        self._errors.close()

    def _leave(self) -> int | None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # whoever still holds a file made of it
        self.socket.close()
        try:
            return self._process.wait(_LEAVING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return None


def why_no_relay(path: str, status: str, result: Answer | Lost, why: str) -> Lost | Unanswered:
    """`status` is what the relay said, `result` what became of the session without it.

    `why` was said of sshd, which forwards to no socket; empty when it was not asked to.
    """
    assert isinstance(result, Lost)  # its command has no mark of an end
    if status.startswith("-"):
        left = f"{status[1:]}. No server lets anybody in there: look where its resource runs"
        return Unanswered(result.node, f"socket {path}", left)
    said = status[1:] or (result.partial.errors.strip() if result.partial else "")
    if not said:
        return result
    none = f"no relay leads to the socket {path}: {said}. Expected perl, or Python 3.6 or newer"
    return Lost(result.node, f"{why}; {none}" if why else none, LostKind.FORWARDING)
