"""Makes a cluster's MariaDB data directory from the image's template: users, passwords, scenario.

The passwords go to the server by its socket, in SQL on standard input.
"""

import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rehearsal.inside.glpi import legacy_password

_TEMPLATE = Path("/usr/share/neteye-rehearsal/mysql-template")
_SETTINGS = Path("/usr/share/neteye-rehearsal/database/template.cnf")
_DEADLINE_SECONDS = 60
# user -> (database, rights)
_ACCOUNTS = {
    "ocsserver": ("ocsweb", "ALL PRIVILEGES"),
    "glpi_ocsinventoryng": ("ocsweb", "SELECT, INSERT, UPDATE, DELETE"),
    "glpi": ("glpi", "ALL PRIVILEGES"),
}


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


def accounts(passwords: Mapping[str, str]) -> list[str]:
    """SQL for the database users and for the OCS server that GLPI's plugin knows."""
    statements = []
    for user, (database, rights) in _ACCOUNTS.items():
        for host in ("%", "localhost"):
            account = f"{quoted(user)}@{quoted(host)}"
            statements.append(f"CREATE USER {account} IDENTIFIED BY {quoted(passwords[user])}")
            statements.append(f"GRANT {rights} ON {database}.* TO {account}")
    stored = legacy_password(passwords["glpi_ocsinventoryng"])
    statements.append(
        "INSERT INTO glpi.glpi_plugin_ocsinventoryng_ocsservers (name, ocs_db_user, ocs_db_passwd,"
        " ocs_db_host, ocs_db_name, ocs_db_utf8, is_active, conn_type, ocs_version) VALUES"
        f" ('ocsweb', 'glpi_ocsinventoryng', {quoted(stored)}, 'mariadb.neteyelocal', 'ocsweb',"
        " 1, 1, 0, '7045')"
    )
    return statements


def without_asset() -> list[str]:
    """SQL for a cluster on which the asset module was never installed."""
    return ["DROP DATABASE ocsweb", "DROP DATABASE glpi"]


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
