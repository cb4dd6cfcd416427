"""What `--snapshot` asks of the OCS files puts no secret on record that a plan has not."""

from __future__ import annotations

import pytest

from engine.snapshot.names import Names
from runbook.to_4_26.release import RELEASE
from runbook.to_4_26.snapshot.conf_text import without_names
from runbook.to_4_26.snapshot.questions import conf_seen, record_of

PATH = "/etc/httpd/conf.d/ocsinventory-server.conf"
SECRET_LINES = (
    'RequestHeader set Authorization "Basic aHVudGVyMg=="',
    'RequestHeader set Authorization "Bearer hunter2"',
    'RequestHeader set X-Site "hunter2"',
    "RequestHeader set Cookie hunter2.session",
    "Define ACME_PW hunter2",
    "Define ACME_PASSWORD hunter2.acme",
    "Define ACME_PIN 4711",
    "# Define ACME_TOKEN hunter2",
    "SetEnv ACME_LOGIN hunter2",
    'SetEnv DSN "dbi:mysql:host=db;user=x;pw=hunter2"',
    "php_admin_value mysqli.default_pw hunter2",
    "php_value acme.api_key /hunter2",
    "Redirect /acme https://acme:hunter2@portal.example.org/x",
    "RewriteRule ^/x$ /y?apikey=hunter2",
    "ProxyPass /x http://acme:hunter2@10.1.2.3/",
    "AcmeDirective hunter2",
    "<Perl>\n$ENV{ACME_DSN} = 'pw=hunter2';\n</Perl>",
    "<Perl>\nmy $acme = 'hunter2';\n</Perl>",
    "<Perl>\n# $ENV{ACME_LOGIN} = 'hunter2';\n</Perl>",
    "SetEnv ACME_LONG hun\\\nter2",
)


@pytest.mark.parametrize("line", SECRET_LINES)
def test_a_secret_in_a_file_is_on_no_record(line: str) -> None:
    record = record_of(conf_seen("640", f"{line}\n", PATH, b"a key"))
    for told in ("hunter2", "4711", "aHVudGVyMg", "ter2"):
        assert told not in record


def test_what_is_not_recorded_is_still_the_same_in_all_files() -> None:
    assert RELEASE.snapshot is not None
    names = Names(RELEASE.snapshot.vocabulary)
    texts = ("SetEnv ACME hunter2\nAuthName one\n", "SetEnv ACME one\nAuthName hunter2\n")
    recorded = [conf_seen("640", text, PATH, b"a key").text for text in texts]
    first, second = (without_names(text, names).split() for text in recorded)
    assert first == ["SetEnv", "SITE_VARIABLE_1", "text-1", "AuthName", "text-2"]
    assert second == ["SetEnv", "SITE_VARIABLE_1", "text-2", "AuthName", "text-1"]


def test_nobody_can_try_a_secret_by_the_record() -> None:
    one, other = (conf_seen("640", "SetEnv A hunter2\n", PATH, key).text for key in (b"a", b"b"))
    assert one != other
