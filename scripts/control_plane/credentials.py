"""Makes what the parts of a control plane trust each other by: keys, tokens, kubeconfig files.

The API server makes its own certificate authority and certificate; here they are only taken apart.
"""

import base64
import re
import secrets
from pathlib import Path

import yaml

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----\n", re.DOTALL)
# An EC private key on P-256 (RFC 5915) in DER, before and after its 32 bytes; Go's reader computes
# the public half, so that no arithmetic is needed here.
_KEY_HEAD = bytes.fromhex("30310201010420")
_KEY_TAIL = bytes.fromhex("a00a06082a8648ce3d030107")
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def new_signing_key() -> str:
    """Return a new private key in PEM, for the tokens of service accounts."""
    number = 1 + secrets.randbelow(_P256_ORDER - 1)
    der = _KEY_HEAD + number.to_bytes(32, "big") + _KEY_TAIL
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{text}-----END EC PRIVATE KEY-----\n"


def new_token() -> str:
    """Return a new bearer token."""
    return secrets.token_hex(24)


def authority(chain: str) -> str | None:
    """Return the authority's certificate from the API server's chain; None while it is incomplete.

    The leaf comes first and is no authority itself: some TLS clients refuse one that is.
    """
    certificates = _CERTIFICATE.findall(chain)
    return str(certificates[1]) if len(certificates) == 2 else None  # noqa: PLR2004 - leaf, authority


def write_private(path: Path, text: str) -> Path:
    """Write a file that only its owner can read, and return its path."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


def kubeconfig(url: str, authority_certificate: str, token: str) -> str:
    """Return a kubeconfig file's text."""
    data = base64.b64encode(authority_certificate.encode()).decode()
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "fake", "cluster": {"server": url, "certificate-authority-data": data}}
        ],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "admin"}}],
        "current-context": "fake",
    }
    return yaml.safe_dump(content, sort_keys=False)
