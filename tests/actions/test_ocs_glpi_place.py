"""Where GLPI is: found by its own configuration, asked for when it can't be told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.to_4_26.glpi.place import GlpiConfig, configurations, place
from tests.actions.ocs_nodes import FakeLook, N, Nodes

CONF = "/neteye/shared/glpi/conf"
PHP = """<?php
class DB extends DBmysql {
   public $dbhost     = 'mariadb.neteyelocal';
   public $dbuser     = 'glpi';
   public $dbpassword = 's3cret%21';
   public $dbdefault  = 'assets';
}
"""


@pytest.fixture
def nodes(tmp_path: Path) -> Nodes:
    return Nodes(tmp_path, N)


def put(nodes: Nodes, path: str, text: str) -> None:
    nodes.path(N, path).parent.mkdir(parents=True, exist_ok=True)
    nodes.put(N, path, text)


def seen(nodes: Nodes, directory: str | None = None) -> tuple[GlpiConfig, ...]:
    return FakeLook(nodes).ask(N, configurations(directory))


def test_the_configuration_names_the_database(nodes: Nodes) -> None:
    put(nodes, f"{CONF}/config_db.php", PHP)
    put(nodes, f"{CONF}/glpicrypt.key", "k" * 32)
    (config,) = seen(nodes)
    assert (config.directory, config.host) == (CONF, "mariadb.neteyelocal")
    assert config.database == "assets"
    assert len(config.key_digest) == 64


def test_the_password_is_not_even_read(nodes: Nodes) -> None:
    on_one_line = PHP.replace("\n", " ")
    put(nodes, f"{CONF}/config_db.php", on_one_line)
    answer = nodes.run(N, configurations().argv)
    assert b"assets" in answer.stdout
    assert b"s3cret" not in answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("line", "database"),
    [
        ("public $dbdefault='a';", "a"),
        ('   var $dbdefault = "b b";', "b b"),
        ("// public $dbdefault = 'old';\npublic $dbdefault = 'c';", "c"),
        ("# public $dbdefault = 'old';\npublic $dbdefault = 'd';", "d"),
        ("/* before:\n * public $dbdefault = 'old';\n */\npublic $dbdefault = 'e';", "e"),
    ],
)
def test_forms_of_the_file(nodes: Nodes, line: str, database: str) -> None:
    put(nodes, f"{CONF}/config_db.php", f"<?php\nclass DB {{\n{line}\n}}\n")
    (config,) = seen(nodes)
    assert (config.database, config.host, config.key_digest) == (database, "localhost", "")


def test_a_file_that_names_none_is_no_answer(nodes: Nodes) -> None:
    put(nodes, f"{CONF}/config_db.php", "<?php\n")
    with pytest.raises(Exception, match="names no database"):
        seen(nodes)


def test_the_directory_that_glpi_was_told_is_found(nodes: Nodes) -> None:
    put(nodes, f"{CONF}/config_db.php", PHP.replace("assets", "stale"))
    put(nodes, "/etc/elsewhere/config_db.php", PHP)
    told = nodes.path(N, "/etc/elsewhere")
    put(
        nodes,
        "/neteye/shared/glpi/html/inc/downstream.php",
        f"<?php\n// define('GLPI_CONFIG_DIR', '/nowhere');\ndefine('GLPI_CONFIG_DIR', '{told}');\n",
    )
    assert {config.database for config in seen(nodes)} == {"stale", "assets"}


def test_the_directory_of_the_inventory_alone_counts(nodes: Nodes) -> None:
    put(nodes, f"{CONF}/config_db.php", PHP)
    put(nodes, "/etc/mine/config_db.php", PHP.replace("assets", "mine"))
    (config,) = seen(nodes, "/etc/mine")
    assert config.database == "mine"
    assert seen(nodes, "/etc/none") == ()


def config(database: str, key: str = "", host: str = "db", directory: str = "/c") -> GlpiConfig:
    return GlpiConfig(directory, host, database, key)


@pytest.mark.parametrize(
    ("configs", "schemas", "database", "directory", "code"),
    [
        # GLPI is not there, or its plugin is not
        ([], {"mysql": False}, None, None, None),
        ([config("glpi")], {"glpi": False}, None, None, None),
        # by convention, or by another name
        ([config("glpi", "k")], {"glpi": True, "ocsweb": False}, "glpi", "/c", None),
        ([config("assets", "k")], {"assets": True}, "assets", "/c", None),
        # an old copy of the database beside it
        ([config("glpi", "k")], {"glpi": True, "glpi_old": True}, "glpi", "/c", None),
        # without a configuration, one table is enough and two are a question
        ([], {"glpi": True}, "glpi", None, None),
        ([], {"glpi": True, "glpi_old": True}, None, None, "glpi-database-unclear"),
        # the configuration names another one than the table is in
        ([config("new")], {"new": False, "glpi": True}, None, None, "glpi-database-unclear"),
        ([config("a"), config("b")], {"a": True, "b": True}, None, None, "glpi-database-unclear"),
        # its database is on another server
        ([config("glpi")], {"ocsweb": False}, None, None, "glpi-database-elsewhere"),
    ],
)
def test_which_database(
    configs: list[GlpiConfig],
    schemas: dict[str, bool],
    database: str | None,
    directory: str | None,
    code: str | None,
) -> None:
    found = place(configs, schemas)
    assert (found.database, found.directory) == (database, directory)
    assert [finding.code for finding in found.findings] == ([code] if code else [])
    assert all("runbook_glpi_config" in finding.remedy for finding in found.findings)


def test_the_key_beside_one_of_two_copies() -> None:
    configs = [config("glpi", "", directory="/a"), config("glpi", "k", directory="/b")]
    assert place(configs, {"glpi": True}).directory == "/b"


def test_two_different_keys_are_a_question() -> None:
    configs = [config("glpi", "1", directory="/a"), config("glpi", "2", directory="/b")]
    found = place(configs, {"glpi": True})
    assert (found.database, found.directory) == ("glpi", None)


def test_a_directory_of_the_inventory_without_the_file_is_said() -> None:
    found = place([], {"glpi": True}, "/wrong")
    assert [finding.code for finding in found.findings] == ["glpi-database-unclear"]
    assert "/wrong" in found.findings[0].observed


NAMES = st.sampled_from(["glpi", "assets", "old"])


@given(
    st.lists(st.builds(config, NAMES, st.sampled_from(["", "1", "2"])), max_size=3),
    st.dictionaries(NAMES, st.booleans()),
)
def test_never_a_database_that_is_not_there(
    configs: list[GlpiConfig], schemas: dict[str, bool]
) -> None:
    found = place(configs, schemas)
    assert found.database is None or schemas[found.database]
    # a plugin's table somewhere is never passed over in silence
    assert found.database or found.findings or not any(schemas.values())
