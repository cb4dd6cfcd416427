"""What must hold for every edit of an administrator, judged by another reader of such files."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from runbook.to_4_26 import release
from runbook.to_4_26.httpd.conf_tree import render, tree
from runbook.to_4_26.httpd.httpd_conf import parse_conf
from runbook.to_4_26.httpd.merge import Merge
from runbook.to_4_26.httpd.merge import merge as merge_with
from runbook.to_4_26.names import RESTAPI_CONF, SERVER_CONF
from tests.actions.ocs_nodes import DATA
from tests.httpd_view import by_group, follow, settings

DEFAULT = (DATA / "server-default.conf").read_text()
NEW = (DATA / "server-new.conf").read_text()
VARIABLE = "INVENTORY_DB_WORD"

SUPPORTED = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'`\\"),
    min_size=4,
    max_size=24,
)
# a password with a reference in it is refused by the preflight
PASSWORDS = SUPPORTED.filter(lambda word: "${" not in word).map(lambda word: f"pw-{word}")
WORDS = st.text("abcXYZ019._/-", min_size=1, max_size=8)
KEYS = st.sampled_from(
    ["OCS_DB_HOST", "OCS_OPT_LOGLEVEL", "OCS_OPT_DEPLOY", "OCS_DB_SSL_ENABLED", "OCS_OPT_OWN"]
)
SETTINGS = st.one_of(
    st.builds("PerlSetEnv {} {}".format, KEYS, WORDS),
    st.builds('PerlSetEnv {} "{} {}"'.format, KEYS, WORDS, WORDS),
    st.builds("PerlSetEnv {} \\\n      {}".format, KEYS, WORDS),
    st.builds("PerlSetVar OCS_DB_SL_PWD {}".format, WORDS),
    st.builds("PerlAddVar OCS_OPT_TRUSTED_IP {}".format, WORDS),
    st.builds("PerlModule Own::{}".format, st.text("abc", min_size=1, max_size=3)),
    st.builds("IncludeOptional conf.d/own/{}.inc".format, st.text("abc", min_size=1, max_size=3)),
    st.builds("<Location /own-{}>\n    Require {}\n  </Location>".format, WORDS, WORDS),
)
COMMENTS = st.one_of(
    st.none(), st.text("abc XYZ.", min_size=3).map(lambda text: f"# why: {text.strip()}")
)


def merge(path: str, old: str, new: str, default: str | None = None) -> Merge:
    """As the action merges."""
    return merge_with(path, old, new, default, obsolete=release.OBSOLETE_OCS_SETTINGS)


@dataclass
class Edited:
    """A node's file, and what its administrator did to the package's."""

    text: str
    password: str
    comments: list[str] = field(default_factory=list)


@st.composite
def edited(draw: st.DrawFn) -> Edited:
    password = draw(PASSWORDS)
    lines = DEFAULT.replace("factory-word", password).splitlines()
    made = Edited("", password)
    changeable = [
        n for n, line in enumerate(lines) if line.startswith("  Perl") and "OCS_DB_PWD" not in line
    ]
    for number in draw(st.lists(st.sampled_from(changeable), max_size=3, unique=True)):
        what = draw(st.sampled_from(["value", "away"]))
        name, key = lines[number].split()[:2]
        if what == "away" or name == "PerlModule":
            lines[number] = ""
        else:
            lines[number] = f"  {name} {key} {draw(WORDS)}"
    if draw(st.booleans()):
        access = draw(st.sampled_from(["Require valid-user", "Require ip 10.0.0.0/8", ""]))
        lines = [access if line.strip() == "Require all granted" else line for line in lines]
    # anywhere among the settings of the outer section
    last = next(n for n, line in enumerate(lines) if line.startswith("  <Location"))
    for setting in draw(st.lists(SETTINGS, max_size=4)):
        place = draw(st.integers(2, last - 1))
        added = [f"  {line}" for line in setting.split("\n")]
        # never between a continued line and its rest
        if lines[place - 1].endswith("\\"):
            place += 1
        if (comment := draw(COMMENTS)) is not None:
            added.insert(0, f"  {comment}")
            made.comments.append(comment)
        lines[place:place] = added
    made.text = "\n".join(lines) + draw(st.sampled_from(["", "\n"]))
    if draw(st.booleans()):
        made.text = made.text.replace("\n", "\r\n")
    return made


@given(edited(), st.booleans())
def test_any_edit_survives_and_the_rest_follows_the_package(made: Edited, known: bool) -> None:
    default = DEFAULT if known else None
    merged = merge(SERVER_CONF, made.text, NEW, default)
    assert merged.questions == ()
    assert by_group(merged.text) == follow(made.text, default, NEW)


@given(edited(), st.booleans())
def test_the_password_is_gone_and_the_line_ends_are_the_nodes(made: Edited, known: bool) -> None:
    text = merge(SERVER_CONF, made.text, NEW, DEFAULT if known else None).text
    assert made.password not in text
    assert f'PerlSetVar OCS_DB_PWD "${{{VARIABLE}}}"' in text
    returns = text.count("\n") if "\r\n" in made.text else 0
    assert text.count("\r\n") == returns


@given(edited(), st.booleans())
def test_merging_again_changes_nothing(made: Edited, known: bool) -> None:
    once = merge(SERVER_CONF, made.text, NEW, DEFAULT if known else None)
    again = merge(SERVER_CONF, once.text, NEW)
    assert again.questions == ()
    assert by_group(again.text) == by_group(once.text) | {
        # what was taken away on the node is not known without the old default
        group: values
        for group, values in by_group(NEW).items()
        if group not in by_group(once.text)
    }
    if known:
        again = merge(SERVER_CONF, once.text, NEW, DEFAULT)
    assert again.text == once.text


@given(edited(), st.booleans())
def test_a_comment_above_a_kept_setting_stays_above_it(made: Edited, known: bool) -> None:
    merged = merge(SERVER_CONF, made.text, NEW, DEFAULT if known else None)
    before, after = comments_by_setting(made.text), comments_by_setting(merged.text)
    packaged = {line.strip() for line in (DEFAULT + NEW).splitlines()}
    for setting in before.keys() & after.keys() - packaged:
        own = [line for line in before[setting] if line in made.comments]
        assert [line for line in own if line not in after[setting]] == []
    for comment in (line.strip() for line in NEW.splitlines() if line.strip().startswith("#")):
        assert merged.text.count(comment) >= 1


def comments_by_setting(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    above: list[str] = []
    for line in map(str.strip, text.replace("\r\n", "\n").split("\n")):
        if line.startswith("#"):
            above.append(line)
            continue
        if line:
            found.setdefault(line, []).extend(above)
        above = []
    return found


def test_a_file_as_the_package_had_it_becomes_the_new_one() -> None:
    merged = merge(SERVER_CONF, DEFAULT.replace("factory-word", "own-word"), NEW, DEFAULT)
    assert merged.text == NEW
    assert (merged.kept, merged.own, merged.left_out) == ((), (), ())
    assert "PerlSetEnv OCS_OPT_OLD_SWITCH 1 (removed by the package, unchanged here)" in (
        merged.dropped
    )


def test_without_the_default_what_differs_stays_and_is_listed() -> None:
    merged = merge(SERVER_CONF, DEFAULT, NEW)
    assert any("OCS_OPT_LOGLEVEL 1 (the package has" in entry for entry in merged.kept)
    assert "PerlSetEnv OCS_OPT_OLD_SWITCH 1" in merged.own
    assert "section <location /old-interface>" in merged.own
    assert (("ifmodule mod_perl.c", "location /old-interface"), "sethandler", ("perl-script",)) in (
        settings(merged.text)
    )


def test_what_was_taken_away_here_stays_away_when_the_default_is_known() -> None:
    old = DEFAULT.replace('  PerlSetEnv OCS_OPT_LOGPATH "/var/log/ocsinventory-server"\n', "")
    merged = merge(SERVER_CONF, old, NEW, DEFAULT)
    assert "OCS_OPT_LOGPATH" not in merged.text
    assert any("OCS_OPT_LOGPATH" in entry for entry in merged.left_out)


def test_an_obsolete_setting_with_local_changes_is_a_question() -> None:
    place = "  PerlModule Apache::DBI\n"
    for line in (
        "PerlSetEnv OCS_OPT_WEB_SERVICE_ENABLED 1",
        "<Location /ocsplugins>\nRequire ip 10.0.0.1\n</Location>",
    ):
        merged = merge(SERVER_CONF, DEFAULT.replace(place, f"{place}{line}\n"), NEW, DEFAULT)
        assert "is obsolete, and was changed on this node" in "; ".join(merged.questions)


def test_an_order_that_can_not_be_told_is_a_question() -> None:
    old = DEFAULT.replace("  PerlModule Apache::DBI\n", "").replace(
        "  PerlModule Apache::Ocsinventory\n",
        "  PerlModule Apache::Ocsinventory\n  PerlModule Apache::DBI\n",
    )
    assert "another order" in "; ".join(merge(SERVER_CONF, old, NEW, DEFAULT).questions)
    turned = NEW.replace("  PerlModule Apache::DBI\n", "").replace(
        "  PerlModule Apache::Ocsinventory\n",
        "  PerlModule Apache::Ocsinventory\n  PerlModule Apache::DBI\n",
    )
    # the package turned them round, and nobody did here
    assert merge(SERVER_CONF, DEFAULT, turned, DEFAULT).questions == ()


def test_a_condition_around_what_the_package_sets_without_is_a_question() -> None:
    line = "  PerlSetEnv OCS_OPT_LOGLEVEL 1\n"
    old = DEFAULT.replace(line, f"  <IfDefine NOISY>\n  {line}  </IfDefine>\n")
    assert "the package has it outside" in "; ".join(merge(SERVER_CONF, old, NEW).questions)
    both = DEFAULT.replace(line, f"{line}  <IfDefine NOISY>\n    {line}  </IfDefine>\n")
    merged = merge(SERVER_CONF, both, NEW)
    assert merged.questions == ()
    assert merged.text.index("LOGLEVEL") < merged.text.index("<IfDefine")


def test_a_default_that_can_not_be_read_is_none() -> None:
    broken = DEFAULT.replace("</IfModule>", "")
    assert merge(SERVER_CONF, DEFAULT, NEW, broken) == merge(SERVER_CONF, DEFAULT, NEW)


CONDITIONAL = NEW.replace(
    "    Require all granted\n",
    "    <IfModule mod_authz_core.c>\n      Require all granted\n    </IfModule>\n"
    "    <IfModule !mod_authz_core.c>\n      Allow from all\n    </IfModule>\n",
)


def test_rules_of_access_count_as_a_whole_whatever_is_around_them() -> None:
    """`Require all granted` in a condition beside the node's own rule would let everybody in."""
    old = DEFAULT.replace("Require all granted", "Require valid-user")
    merged = merge(SERVER_CONF, old, CONDITIONAL)
    assert merged.questions == ()
    assert "Require valid-user" in merged.text
    assert "granted" not in merged.text
    assert "Allow" not in merged.text
    untouched = merge(SERVER_CONF, DEFAULT.replace("    Require all granted\n", ""), CONDITIONAL)
    assert "Require all granted" in untouched.text
    mixed = CONDITIONAL.replace("      Allow from all\n", "      Allow from all\n      Own x\n")
    assert "rules of access inside" in "; ".join(merge(SERVER_CONF, old, mixed).questions)


ASSIGNED = st.lists(
    st.tuples(
        st.sampled_from(["OCS_DB_HOST", "OCS_DB_SSL_MODE", "OWN_A", "OWN_B", "PERL5LIB"]), WORDS
    ),
    max_size=5,
)


@given(ASSIGNED, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", " ", "\n  "]))
def test_any_assignment_survives(pairs: list[tuple[str, str]], newline: str, between: str) -> None:
    """One on a line or several; the last value of a key is the one that counts."""
    assignments = between.join(f"$ENV{{{key}}} = '{value}';" for key, value in pairs)
    old = (DATA / "restapi-old.conf").read_text().replace("</Perl>", f"  {assignments}\n</Perl>")
    new = (DATA / "restapi-new.conf").read_text()
    merged = merge(RESTAPI_CONF, old.replace("\n", newline), new)
    assert merged.questions == ()
    mine, found, base = by_group(old), by_group(merged.text), by_group(new)
    for group in mine.keys() | base.keys():
        is_password = "OCS_DB_PWD" in group
        assert found[group] == (base if is_password or group not in mine else mine)[group]
    assert found.keys() == mine.keys() | base.keys()
    assert merge(RESTAPI_CONF, merged.text, new).text == merged.text


def test_what_stands_in_a_second_perl_block_goes_into_the_only_one_of_the_package() -> None:
    old = (DATA / "variants" / "restapi" / "two-blocks.conf").read_text()
    old = old.replace("$ENV{OCS_DB_PWD}", "$ENV{OWN_SETTING} = 'mine';\n  $ENV{OCS_DB_PWD}")
    merged = merge(RESTAPI_CONF, old, (DATA / "restapi-new.conf").read_text())
    assert merged.questions == ()
    assert merged.text.count("<Perl>") == 1
    assert "$ENV{OWN_SETTING} = 'mine';" in merged.text


def test_a_line_that_stays_is_written_as_it_stood() -> None:
    """Blanks at its end, tabs before it, a Perl statement's own way: only what changes changes."""
    text = "ServerTokens  Prod  \n\tSetEnv A b\t\n<Perl>\n  $ENV{A} = 'b' ;  \n</Perl>\nLast one"
    assert render(tree(parse_conf(text)), "\n") == f"{text}\n"
