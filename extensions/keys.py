"""Refuses answers to questions that there are not.

Copier puts all that it is given into the context, and would render without a word as if it had not been there.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copier.errors import UserMessageError
from copier_template_extensions import ContextHook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jinja2 import Environment

QUESTIONS = Path(__file__).resolve().parent.parent / "questions"


def unknown_faults(given: Iterable[str], questions: Path = QUESTIONS) -> list[str]:
    """A line for each answer that is to no question, with the nearest one that there is."""
    known = list(_names(questions))
    faults = []
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            faults.append(f"{name} is not a question" + (f"; did you mean {near[0]}?" if near else ""))
    return faults


def _names(questions: Path) -> Iterator[str]:
    for file in sorted(questions.glob("*.yml")):
        yield from re.findall(r"^(\w+):", file.read_text(encoding="utf-8"), re.MULTILINE)


class KeysExtension(ContextHook):
    """Looks at what was given once, when the first question is asked. Raises what Copier shows without a traceback.

    An update gives the answers of the version before to the one after, which may have dropped a question: it is the
    one that overwrites, and is let be.
    """

    def __init__(extension, environment: Environment) -> None:
        super().__init__(environment)
        extension.seen = False

    def hook(self, context: dict[str, Any]) -> None:
        if self.seen or context["_copier_phase"] != "prompt":
            return
        self.seen = True
        settings = context["_copier_conf"]
        if not settings["overwrite"] and (faults := unknown_faults(settings["data"])):
            raise UserMessageError("; ".join(faults))
