"""What a good inventory means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.model.inventory import Environment, Host, Inventory, Role, Settings
from engine.model.visible import is_blank
from engine.parse.inventory_ini import parse_inventory, read_inventory
from runbook.to_4_26.settings import FAILOVER_PROOF, GLPI_CONFIG, LOSS_PERCENT, SETTINGS

from .data import outcome
from .inventories import GOOD, render, with_hosts, with_settings

PATH = Path("prod.ini")
GIVEN = Settings(
    "neteye.example.test",
    Environment.PRODUCTION,
    of_step={FAILOVER_PROOF: False, GLPI_CONFIG: None, LOSS_PERCENT: 1},
)


def parse(text: str) -> Inventory:
    return parse_inventory(text, PATH, SETTINGS)


def host(line: str, *more: str) -> Host:
    """The first host of an inventory with this line and a second host."""
    return parse(with_hosts(line, "other.lan", *more)).hosts[0]


def test_good_inventory() -> None:
    inventory = parse(GOOD)
    assert inventory.path == PATH
    assert inventory.operative == ("neteye01.lan", "neteye02.lan", "neteye03.lan")
    assert inventory.elastic_only == ("neteye04.lan",)
    assert inventory.voting_only == ("neteye05.lan",)
    assert inventory.host("neteye04.lan") == Host("neteye04.lan", Role.ELASTIC_ONLY, "192.0.2.4")


def test_only_cluster_and_environment_are_needed() -> None:
    assert parse(GOOD).settings == GIVEN


def test_all_settings() -> None:
    settings = parse(
        with_settings(
            "runbook_change_id = CHG0012",
            "runbook_window_start = 2026-11-22T20:00:00Z",
            "runbook_window_end=2026-11-23T04:00:00+01:00",
            "runbook_release_notes_read = A. Rossi, 2026-11-20",
            "runbook_fallback = VM snapshots, by the platform team # not a comment",
            "runbook_approvals = 2 # a comment, as the number shows",
            "runbook_reactivate_after_update = No",
            "runbook_failover_proof = yes",
            "runbook_notify_command = /usr/local/bin/notify --to 'on call'",
            "runbook_notify_url_file = /root/.webhook",
            "runbook_notify_form = teams",
            "runbook_notify_every = 15",
            "runbook_downtime = yes",
            """runbook_downtime_filter = match("ne*", host.name) && "neteye" in host.groups""",
            "runbook_icinga_user = director-2",
            "runbook_timestamp_url = https://tsa.example.com:8443/tsr",
            "runbook_timestamp_ca = /etc/tsa.pem",
            "runbook_accept = disk-space@neteye02.lan=grows tonight ;; updates-pending=known",
            "runbook_accepted_by = B. Verdi",
            "runbook_glpi_config = /opt/glpi/config",
            "runbook_loss_percent = 5",
        )
    ).settings
    assert settings == Settings(
        cluster="neteye.example.test",
        environment=Environment.PRODUCTION,
        change_id="CHG0012",
        window_start=datetime(2026, 11, 22, 20, tzinfo=UTC),
        window_end=datetime(2026, 11, 23, 4, tzinfo=timezone(timedelta(hours=1))),
        release_notes_read="A. Rossi, 2026-11-20",
        fallback="VM snapshots, by the platform team # not a comment",
        approvals=2,
        reactivate_after_update=False,
        notify_command="/usr/local/bin/notify --to 'on call'",
        notify_url_file=Path("/root/.webhook"),
        notify_form="teams",
        notify_every=15,
        downtime=True,
        downtime_filter='match("ne*", host.name) && "neteye" in host.groups',
        icinga_user="director-2",
        timestamp_url="https://tsa.example.com:8443/tsr",
        timestamp_ca=Path("/etc/tsa.pem"),
        accept=("disk-space@neteye02.lan=grows tonight", "updates-pending=known"),
        accepted_by="B. Verdi",
        of_step={FAILOVER_PROOF: True, GLPI_CONFIG: "/opt/glpi/config", LOSS_PERCENT: 5},
    )


def test_a_downtime_is_off_unless_it_is_asked_for() -> None:
    settings = parse(GOOD).settings
    assert (settings.downtime, settings.downtime_filter) == (False, None)
    assert settings.icinga_user == "runbook-downtime"


def test_empty_settings_are_not_given() -> None:
    names = ("change_id", "window_start", "release_notes_read", "fallback", "notify_command")
    settings = parse(with_settings(*(f"runbook_{name} =" for name in names))).settings
    assert settings == GIVEN


@pytest.mark.parametrize(
    ("environment", "proof"), [("rehearsal", True), ("staging", False), ("production", False)]
)
def test_failover_is_proved_in_a_rehearsal_unless_said_otherwise(
    environment: str, proof: bool
) -> None:
    text = GOOD.replace("production", environment)
    assert parse(text).settings[FAILOVER_PROOF] is proof
    assert parse(f"{text}runbook_failover_proof = no\n").settings[FAILOVER_PROOF] is False


def test_the_settings_of_one_version_step_are_unknown_to_another() -> None:
    text = with_settings("runbook_failover_proof = yes")
    with pytest.raises(UsageError, match="unknown variable 'runbook_failover_proof'"):
        parse_inventory(text, PATH)


def test_defaults_of_a_host() -> None:
    assert host("n1") == Host(
        "n1", Role.OPERATIVE, "n1", user="root", port=22, key_file=None, ssh_args=(), become=False
    )


def test_host_variables() -> None:
    line = (
        "n1 ansible_host=bastion-alias_1 ansible_user=svc-neteye@corp.lan ansible_port=2222"
        " ansible_ssh_private_key_file='/srv/my keys/id' ansible_become=True # and a comment"
    )
    assert host(line) == Host(
        "n1",
        Role.OPERATIVE,
        "bastion-alias_1",
        user="svc-neteye@corp.lan",
        port=2222,
        key_file=Path("/srv/my keys/id"),
        become=True,
    )


def test_home_of_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    found = host(
        "n1 ansible_ssh_private_key_file=~/.ssh/id ansible_ssh_common_args='-F ~/ssh.conf'"
    )
    assert found.key_file == Path("/home/anna/.ssh/id")
    assert found.ssh_args == ("-F", "/home/anna/ssh.conf")


@pytest.mark.parametrize("address", ["2001:db8::1", "192.0.2.1", "jump-name_1", "N1.Lan"])
def test_addresses(address: str) -> None:
    assert host(f"n1 ansible_host={address}").address == address


@pytest.mark.parametrize(
    ("given_args", "ssh_args"),
    [
        ("-J bastion", ("-J", "bastion")),
        ("-Jroot@bastion.lan:2222", ("-J", "root@bastion.lan:2222")),
        ("-J a,root@b:22,ssh://c", ("-J", "a,root@b:22,ssh://c")),
        ("-o ProxyJump=bastion", ("-o", "ProxyJump=bastion")),
        ("-oproxyjump=bastion", ("-o", "ProxyJump=bastion")),
        ("-J [2001:db8::1]:22", ("-J", "[2001:db8::1]:22")),
        ("-F /srv/ssh/config -J b", ("-F", "/srv/ssh/config", "-J", "b")),
        ("-F none", ("-F", "none")),
        ("", ()),
    ],
)
def test_ways_to_a_node(given_args: str, ssh_args: tuple[str, ...]) -> None:
    assert host(f"n1 ansible_ssh_common_args='{given_args}'").ssh_args == ssh_args
    in_vars = with_settings(f"ansible_ssh_common_args = {given_args}")
    assert {found.ssh_args for found in parse(in_vars).hosts} == {ssh_args}


def test_own_variables_before_those_of_the_group_before_those_of_all() -> None:
    text = with_settings(
        "ansible_user = of-all",
        "ansible_port = 22",
        "ansible_become = yes",
        "[operative:vars]",
        "ansible_user = of-group",
        "ansible_port = 2200",
    ).replace("neteye01.lan ", "neteye01.lan ansible_user=own ")
    first, second, third = (parse(text).host(f"neteye0{n}.lan") for n in (1, 2, 4))
    assert (first.user, first.port, first.become) == ("own", 2200, True)
    assert (second.user, second.port, second.become) == ("of-group", 2200, True)
    assert (third.user, third.port, third.become) == ("of-all", 22, True)


def test_hosts_are_ordered_by_role() -> None:
    head, tail = GOOD.split("[elastic_only]")
    inventory = parse("[elastic_only]" + tail.replace("[all:vars]", head + "[all:vars]"))
    assert inventory.names == tuple(f"neteye0{n}.lan" for n in (1, 2, 3, 4, 5))


def test_a_group_in_two_places() -> None:
    inventory = parse(with_settings("[elastic_only]", "neteye06.lan"))
    assert inventory.elastic_only == ("neteye04.lan", "neteye06.lan")


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("n[1:3]", ("n1", "n2", "n3")),
        ("n[:2]", ("n0", "n1", "n2")),
        ("neteye[08:11].lan", tuple(f"neteye{n:02}.lan" for n in range(8, 12))),
        ("n[01:07:3]", ("n01", "n04", "n07")),
        ("n[a:c]", ("na", "nb", "nc")),
        ("r[1:2]n[a:b].lan", ("r1na.lan", "r1nb.lan", "r2na.lan", "r2nb.lan")),
    ],
)
def test_ranges(pattern: str, names: tuple[str, ...]) -> None:
    assert parse(with_hosts(pattern)).operative == names


def test_port_behind_the_name() -> None:
    assert host("n1:2222").port == 2222
    assert host("n1:2222 ansible_port=22").port == 22
    assert {found.port for found in parse(with_hosts("n[1:2].lan:2222")).hosts} == {2222}


def test_largest_cluster() -> None:
    text = with_hosts("n[01:16].lan") + "[elastic_only]\ne[1:8].lan\n[voting_only]\nv.lan\n"
    inventory = parse(text)
    assert (len(inventory.operative), len(inventory.elastic_only)) == (16, 8)
    assert inventory.voting_only == ("v.lan",)


def test_same_address_behind_different_ports() -> None:
    text = with_hosts("n1 ansible_host=192.0.2.1", "n2 ansible_host=192.0.2.1 ansible_port=2222")
    assert [found.port for found in parse(text).hosts] == [22, 2222]


@pytest.mark.parametrize(
    ("raw", "change_id"),
    [
        ("4711", "4711"),
        ("'4.10'", "4.10"),
        ('"0x10"', "0x10"),
        ("0012", "0012"),
        ("CHG 7 ; rev 2", "CHG 7 ; rev 2"),
        ("None", None),
        ("''", None),
        ("\u200b\u2060\ufeff", None),
        ("'\u2800'", None),
    ],
)
def test_text_is_read_as_ansible_reads_it(raw: str, change_id: str | None) -> None:
    assert parse(with_settings(f"runbook_change_id = {raw}")).settings.change_id == change_id


def test_comments_and_blank_lines() -> None:
    text = GOOD.replace("[operative]\n", "[operative] # N and OTHER\n\n  ; none\n\t# none\n")
    assert parse(text) == parse(GOOD)


def test_carriage_returns_do_not_matter() -> None:
    assert parse(GOOD.replace("\n", "\r\n")) == parse(GOOD)


def test_file(tmp_path: Path) -> None:
    path = tmp_path / "prod.ini"
    path.write_text(with_settings("runbook_fallback = Schnappschüsse, täglich"))
    inventory = read_inventory(path)
    assert (inventory.path, inventory.settings.fallback) == (path, "Schnappschüsse, täglich")


PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z"))).filter(lambda s: "{" not in s)
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z]{1,5})?", fullmatch=True)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """Any inventory that is allowed: 2 to 16 operative, 0 to 8 Elastic-only, 0 or 1 voting."""
    counts = (draw(st.integers(2, 16)), draw(st.integers(0, 8)), draw(st.integers(0, 1)))
    roles = [role for role, count in zip(Role, counts, strict=True) for _ in range(count)]
    shorts = st.lists(NAMES, min_size=len(roles), max_size=len(roles), unique_by=_short)
    hosts = tuple(
        Host(
            name=name,
            role=role,
            address=f"192.0.2.{number}",
            user=draw(st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)),
            port=draw(st.integers(1, 65535)),
            key_file=draw(st.none() | PRINTABLE.map(lambda text: Path("/keys") / text)),
            ssh_args=draw(st.sampled_from([(), ("-J", "b"), ("-o", "ProxyJump=root@b:22")])),
            become=draw(st.booleans()),
        )
        for number, (name, role) in enumerate(zip(draw(shorts), roles, strict=True), start=1)
    )
    start = draw(st.none() | MOMENTS)
    text = st.none() | PRINTABLE.filter(lambda given: not is_blank(given))
    accept = draw(
        st.lists(st.from_regex(r"[a-z]{1,9}(@[a-z]{1,9})?=[a-z ]{0,9}[a-z]", fullmatch=True))
    )
    run_settings = Settings(
        cluster=draw(NAMES),
        environment=draw(st.sampled_from(Environment)),
        change_id=draw(text),
        window_start=start,
        window_end=start and start + draw(st.timedeltas(timedelta(seconds=1), timedelta(days=9))),
        fallback=draw(text),
        approvals=draw(st.integers(0, 9)),
        reactivate_after_update=draw(st.booleans()),
        downtime=(downtime := draw(st.booleans())),
        downtime_filter=draw(text) if downtime else None,
        accept=tuple(accept),
        accepted_by="A. Rossi" if accept else None,
        of_step={
            FAILOVER_PROOF: draw(st.booleans()),
            GLPI_CONFIG: draw(st.none() | st.just("/opt/glpi/con fig")),
            LOSS_PERCENT: draw(st.integers(0, 100)),
        },
    )
    return Inventory(PATH, hosts, run_settings)


def _short(name: str) -> str:
    return name.partition(".")[0]


@settings(max_examples=40)  # each of them draws up to 25 hosts
@given(inventories())
def test_what_is_rendered_is_read_back(inventory: Inventory) -> None:
    assert parse(render(inventory)) == inventory


LINES = st.sampled_from(
    [*GOOD.splitlines(), "[a:b", "[x:children]", "n[1:99999999]", "'", "a=b", "n ansible_port=x"]
)


@given(st.lists(LINES | st.text()).map("\n".join) | st.text().map(GOOD.__add__))
def test_any_text_is_answered_by_an_inventory_or_a_usage_error(text: str) -> None:
    found = outcome(parse, text)
    assert isinstance(found, Inventory | UsageError)
    if isinstance(found, UsageError):
        assert all(line.startswith("prod.ini") for line in str(found).split("\n"))


VALUES = st.text() | st.sampled_from(["9" * 5000, "0x" + "f" * 9000, "[" * 999, "{[]: 1}", "b'x'"])


@given(st.sampled_from(["runbook_change_id", "runbook_approvals", "runbook_window_end"]), VALUES)
def test_any_value_is_answered_by_an_inventory_or_a_usage_error(name: str, value: str) -> None:
    assert outcome(parse, with_settings(f"{name} = {value}"))


@given(st.sampled_from(["user", "host", "port", "become", "ssh_common_args"]), VALUES)
def test_any_host_variable_is_answered_by_an_inventory_or_a_usage_error(
    name: str, value: str
) -> None:
    assert outcome(parse, with_hosts(f"n1 ansible_{name}={value}", "n2"))
