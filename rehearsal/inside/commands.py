"""Commands of the image's programs."""

import subprocess
from pathlib import Path

# found at once; a key for RSA is searched for
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def run(*argv: str) -> None:
    """Run a command; RuntimeError with what it printed unless it ends with 0."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"`{argv[0]}` ended with {done.returncode}: {done.stdout}{done.stderr}")


def self_signed(subject: str, certificate: Path, key: Path) -> None:
    """Make a key, and the certificate of an authority that it has signed itself."""
    run(
        *("openssl", "req", "-x509", *_NEW_KEY, "-days", "3650", "-subj", subject),
        *("-keyout", str(key), "-out", str(certificate)),
    )


def signed(name: str, certificate: Path, key: Path, authority: Path, authority_key: Path) -> None:
    """Make a key, and a certificate for the host of that name that an authority has signed."""
    request, extension = key.with_suffix(".csr"), key.with_suffix(".ext")
    subject = ("-subj", f"/CN={name}", "-keyout", str(key), "-out", str(request))
    run("openssl", "req", *_NEW_KEY, *subject)
    extension.write_text(f"subjectAltName=DNS:{name}\n", encoding="ascii")
    by = ("-CA", str(authority), "-CAkey", str(authority_key), "-set_serial", "2")
    to = ("-extfile", str(extension), "-out", str(certificate))
    run("openssl", "x509", "-req", "-in", str(request), "-days", "3650", *by, *to)
