"""What is never shown: the values of secret options, tokens, what signs a link, and what looks like any of these."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

from scaffold_connector.probing.report import SAMPLE, SAMPLES

HIDDEN = "(hidden)"

# Names of fields whose values are not shown; the same words that tasks/validate.py knows secrets by, and more.
_NAMES = re.compile(r"passw|secret|token|jwt|privatekey|passphrase|apikey|accesskey|credential|signature|cookie|dsn$")

# A query in an address may sign it, and a user in one may have a password.
_QUERY = re.compile(r"(\w[\w+.-]*://[^\s?#\"'<>]*|/[^\s?#\"'<>]*)\?[^\s\"'<>]*")
_USER = re.compile(r"(\w[\w+.-]*://)[^\s/?#@\"'<>]+@")

# What is a token whatever its name: a JSON Web Token, a key of a cloud, a private key, a scheme with credentials.
_TOKENS = re.compile(
    r"\beyJ[\w-]{8,}(?:\.[\w-]*){1,4}|\bA(?:KIA|SIA)[A-Z0-9]{12,}|-----BEGIN[^-]*PRIVATE KEY-----.*"
    r"|\b(?:gh[pousr]_|xox[abprs]-|sk-|glpat-)[\w-]{10,}|\b(?:Bearer|Basic)\s+[\w.~+/=-]{8,}",
    re.DOTALL,
)

# A secret that is shorter is hidden as a word of its own only: else hardly a text would be left.
_SHORT = 4


class Secrets:
    """Hides secrets in texts. Those that are found on the way, such as tokens, are added."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def add(self, *values: str) -> None:
        for value in filter(None, values):
            raw = value.encode()
            self._known |= {value, quote(value, safe=""), quote(value), quote_plus(value), json.dumps(value)[1:-1]}
            self._known |= {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}

    def hide(self, text: str) -> str:
        """A text without what is known or looks like a secret."""
        for secret in sorted(self._known, key=len, reverse=True):
            if len(secret) >= _SHORT:
                text = text.replace(secret, HIDDEN)
            elif secret:
                text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", lambda _: HIDDEN, text)
        text = _USER.sub(r"\1", text)
        return _TOKENS.sub(HIDDEN, _QUERY.sub(r"\1?…", text))

    def sample(self, name: str, value: Any) -> str:
        """A value of a field as it may be shown: on one line, and of a long one its beginning."""
        if is_secret_name(name):
            return HIDDEN
        text = value if isinstance(value, str) else json.dumps(_without_secrets(value), ensure_ascii=False)
        text = self.hide(" ".join(text[:2000].split()))
        text = "".join(character if character.isprintable() else "·" for character in text)
        return text if len(text) <= SAMPLE else f"{text[: SAMPLE - 1]}…"

    def samples(self, name: str, values: Iterable[Any]) -> list[str]:
        """The first different values."""
        shown: list[str] = []
        for value in values:
            if (text := self.sample(name, value)) not in shown:
                shown.append(text)
            if len(shown) == SAMPLES:
                break
        return shown


def is_secret_name(name: str) -> bool:
    return bool(_NAMES.search(re.sub(r"[^a-z]", "", name.lower())))


def _without_secrets(value: Any, depth: int = 0) -> Any:
    """A value of JSON whose fields with the names of secrets are hidden."""
    if isinstance(value, dict):
        if depth > 6:
            return "…"
        return {
            key: HIDDEN if is_secret_name(str(key)) else _without_secrets(item, depth + 1)
            for key, item in list(value.items())[:20]
        }
    return [_without_secrets(item, depth + 1) for item in value[:5]] if isinstance(value, list) else value
