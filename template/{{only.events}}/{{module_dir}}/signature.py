"""How OpenMetadata signs what it sends to a webhook: X-OM-Signature, as its SubscriptionUtil and CommonUtil make it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

HEADER = "X-OM-Signature"

# The header is this, and behind it the Base64 of an HMAC with SHA-256 over the body, with the secret as the key.
PREFIX = "sha256="


def sign(body: bytes, secret: str) -> str:
    """The header of a body that is signed with a secret."""
    code = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return PREFIX + base64.b64encode(code).decode()


def is_signed(body: bytes, header: str, secrets: Iterable[str]) -> bool:
    """Whether one of the secrets makes this header of a body. It takes as long whether the header is right or wrong."""
    found = [hmac.compare_digest(sign(body, secret).encode(), header.encode()) for secret in secrets]
    return any(found)
