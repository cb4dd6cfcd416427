"""Makes a cluster's MariaDB data directory from the image's template, and runs SQL in it.

It goes to the server by its socket, in SQL on standard input.
"""

import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

_TEMPLATE = Path("/usr/share/neteye-rehearsal/mysql-template")
_SETTINGS = Path("/usr/share/neteye-rehearsal/database/template.cnf")
_DEADLINE_SECONDS = 60


def prepare(data: Path, statements: Sequence[str], lenient: str = "") -> None:
    """Fill `data` (must not exist) from the template and run `statements` in it.

    `lenient` is SQL text that runs last and does not stop at errors.
    """
    data.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", "--sparse=always", _TEMPLATE, data], check=True)
    socket = Path("/tmp/prepare.sock")
    server = subprocess.Popen(
        [
            "mariadbd",
            f"--defaults-file={_SETTINGS}",
            "--user=mysql",
            f"--datadir={data}",
            f"--socket={socket}",
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_up(server, socket)
        _run_sql(socket, statements)
        if lenient:
            _client(socket, lenient, "--force")
    finally:
        server.terminate()
        server.wait(timeout=_DEADLINE_SECONDS)


def quoted(value: str) -> str:
    """`value` as an SQL string literal."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _wait_until_up(server: subprocess.Popen[bytes], socket: Path) -> None:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while _client(socket, "DO 0").returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"mariadbd did not start (exit status {server.poll()})")
        time.sleep(0.05)


def _run_sql(socket: Path, statements: Sequence[str]) -> None:
    done = _client(socket, "".join(f"{statement};\n" for statement in statements))
    if done.returncode != 0:
        raise RuntimeError(f"preparing the database failed: {done.stderr.strip()}")


def _client(socket: Path, sql: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["mariadb", f"--socket={socket}", "--default-character-set=utf8mb4", *options],
        input=sql,
        text=True,
        capture_output=True,
        timeout=_DEADLINE_SECONDS,
        check=False,
    )


def install_configuration(folder: Path) -> None:
    """The drop-in directory beside the data, with the one file NetEye tunes by."""
    drop_ins = folder / "conf/my.cnf.d"
    drop_ins.mkdir(parents=True)
    (drop_ins / "neteye.cnf").write_text("[mysqld]\nmax_connections = 151\n", encoding="ascii")
    (folder / "log").mkdir()
    shutil.chown(folder / "log", "mysql", "mysql")
