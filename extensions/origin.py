"""What is recorded of the template's URL: no credentials, since answers files are committed.

An update asks Git's credential helper for them, as any clone does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

# User and password before the host, of which a user alone may be a token, and what follows a question mark.
_WEB = re.compile(r"((?:\w+\+)?(?:https?|ftps?)://)(?:[^/?#]*@)?([^?]*)(?:\?.*)?", re.IGNORECASE | re.DOTALL)
# Over SSH the user is none, a password behind it is.
_OTHER = re.compile(r"([\w+.-]+://[^/?#:@]*):[^/?#]*(@.*)", re.DOTALL)


def without_credentials(url: str) -> str:
    """A template's URL without what signs in to it; any other text as it is."""
    if web := _WEB.fullmatch(url):
        return web[1] + web[2]
    other = _OTHER.fullmatch(url)
    return other[1] + other[2] if other else url


def recorded(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that Copier remembers, as they are written down."""
    url = {"_src_path": without_credentials(str(answers["_src_path"]))} if "_src_path" in answers else {}
    return {**answers, **url}


class OriginExtension(Extension):
    """Adds the functions as filters."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters["without_credentials"] = without_credentials
        environment.filters["recorded"] = recorded
