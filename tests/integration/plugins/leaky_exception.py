"""`-p leaky_exception`: writing the credentials fails, with the password in the error's text."""

from __future__ import annotations

import base64
from typing import NoReturn
from urllib.parse import quote

from engine.secrets import Secret
from runbook.to_4_26.httpd import credentials


def _render(template: str, variable: str, password: Secret) -> NoReturn:
    plain = password.reveal()
    encoded = base64.b64encode(f"ocs:{plain}".encode()).decode()
    raise RuntimeError(f"can't write {variable}={plain}, {quote(plain, safe='')}, {encoded}")


credentials.render = _render
