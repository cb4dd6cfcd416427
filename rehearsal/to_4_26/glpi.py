"""GLPI's password cipher before plugin 1.7.2, as its stored OCS passwords had it.

Not a cipher in earnest: the key is a constant of GLPI's source. Facts: plain text is
raw-url-encoded, byte i gets byte ((i mod n) - 1) of the key added modulo 256, then base64.
"""

import base64
from urllib.parse import quote

_LEGACY_KEY = bytes.fromhex("474c5049c2a36927736e6172737327c3a7")


def legacy_password(plain: str) -> str:
    """What plugin 1.7.0 stores for `plain`.

    >>> legacy_password("ocspassword")
    'Fqq/wKo1FuCW5dI='
    """
    encoded = quote(plain, safe="-_.~").encode()
    length = len(_LEGACY_KEY)
    shifted = bytes(
        (byte + _LEGACY_KEY[(position % length) - 1]) % 256 for position, byte in enumerate(encoded)
    )
    return base64.b64encode(shifted).decode()
