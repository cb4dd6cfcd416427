"""What is drawn from the seed: repeatable, JSON-able, overridable by a scenario."""

import json

import pytest

from rehearsal.standins.settings import CHOICES, PASSWORDS, SettingsError
from rehearsal.standins.wordings import MESSAGES, TASKS
from rehearsal.to_4_26 import STEP

draw = STEP.draw
ADDED = STEP.vocabulary

FIELDS = {
    "health_failed": {"node", "detail"},
    "pending": {"example"},
    "pending_hint": {"source"},
    "not_eligible": {"target", "detail"},
    "migration": {"node", "files"},
    "packages_failed": {"node", "detail"},
    "repository_failed": {"node", "target", "detail"},
    "task_failed": {"node", "task", "detail"},
    "locked": {"node"},
    "stopped": {"command", "task"},
    "success": {"command"},
    "reboot": {"node"},
}


def test_same_seed_gives_the_same_cluster() -> None:
    assert draw(42, {}) == draw(42, {})
    assert draw(42, {}) != draw(43, {})


def test_settings_survive_json() -> None:
    assert json.loads(json.dumps(draw(3))) == draw(3)


def test_all_passwords_differ() -> None:
    passwords = draw(5)["passwords"]
    assert set(passwords) == {*PASSWORDS, *ADDED.passwords}
    assert len(set(passwords.values())) == len(passwords)


@pytest.mark.parametrize("key", ["release_file", "package_order", "decorated_integers"])
def test_both_orders_and_predicates_are_drawn(key: str) -> None:
    assert {draw(seed)[key] for seed in range(40)} == set({**CHOICES, **ADDED.choices}[key])


@pytest.mark.parametrize("key", sorted(MESSAGES))
def test_every_wording_can_be_filled_in_and_several_exist(key: str) -> None:
    values = dict.fromkeys(FIELDS[key], "filled")
    assert len(MESSAGES[key]) > 1
    for text in MESSAGES[key]:
        assert "{" not in text.format(**values)


def test_migration_message_always_names_node_and_files() -> None:
    for text in MESSAGES["migration"]:
        assert "{node}" in text
        assert "{files}" in text


def test_all_tasks_have_names() -> None:
    assert set(draw(1)["tasks"]) == set(TASKS)


def test_scenario_overrides_what_was_drawn() -> None:
    scenario = {"seconds_per_node": 0, "settings": {"package_order": "active-last"}}
    drawn = draw(1, scenario)
    assert drawn["seconds_per_node"] == 0.0
    assert drawn["package_order"] == "active-last"
    assert drawn["passwords"] == draw(1)["passwords"]


def test_part_of_the_wording_can_be_overridden() -> None:
    drawn = draw(1, {"settings": {"messages": {"locked": "busy: {node}"}}})
    assert drawn["messages"]["locked"] == "busy: {node}"
    assert drawn["messages"]["success"] == draw(1)["messages"]["success"]


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ({"settings": {"colour": "red"}}, "'colour', which no stand-in knows; known: "),
        ({"settings": {"release_file": "never"}}, "'release_file' to 'never'; allowed: "),
        ({"seconds_per_node": -1}, "seconds_per_node is -1.0, expected >= 0"),
    ],
)
def test_nonsense_is_refused(scenario: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        draw(1, scenario)
