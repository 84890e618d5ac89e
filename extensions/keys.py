"""Refuses answers to questions that there are not, or not for the kind that is made, and answers that are too long.

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
    from collections.abc import Iterable, Mapping

    from jinja2 import Environment

QUESTIONS = Path(__file__).resolve().parent.parent / "questions"


def unknown_faults(given: Iterable[str], questions: Path = QUESTIONS) -> list[str]:
    """A line for each answer that is to no question, with the nearest one that there is."""
    known = [name for names in _topics(questions).values() for name in names]
    faults = []
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            faults.append(f"{name} is not a question" + (f"; did you mean {near[0]}?" if near else ""))
    return faults


def foreign_faults(given: Iterable[str], kind: str, kinds: Mapping[str, Any], questions: Path = QUESTIONS) -> list[str]:
    """A line for each answer to a question that a kind has not; `kinds` are the facts of all."""
    asked = {
        name: [facts["noun"] for facts in kinds.values() if topic in facts["questions"]]
        for topic, names in _topics(questions).items()
        for name in names
    }
    noun = kinds[kind]["noun"] if kind in kinds else ""
    return [
        f"leave {name} out: it belongs to {' or '.join(asked[name])}, not to {noun}"
        for name in given
        if noun and name in asked and noun not in asked[name]
    ]


def _topics(questions: Path) -> dict[str, list[str]]:
    """The names of the questions, by the file that has them."""
    return {
        file.stem: re.findall(r"^(\w+):", file.read_text(encoding="utf-8"), re.MULTILINE)
        for file in sorted(questions.glob("*.yml"))
    }


class KeysExtension(ContextHook):
    """Looks at what was given once, when the first question is asked. Raises what Copier shows without a traceback.

    An update gives the answers of the version before to the one after, which may have dropped a question: it is the
    one that overwrites, and is let be.
    """

    def __init__(extension, environment: Environment) -> None:
        super().__init__(environment)
        extension.environment = environment
        extension.seen: Mapping[str, Any] | None = None

    def hook(self, context: dict[str, Any]) -> None:
        if context["_copier_phase"] != "prompt":
            return
        settings = context["_copier_conf"]
        given = settings["data"]
        if given is self.seen:
            return
        self.seen = given
        # Of AnswersExtension, which comes later, as CatalogExtension does.
        for name, answer in given.items():
            if fault := self.environment.answer_fault(name, answer):  # type: ignore[attr-defined]
                raise ValueError(f"Validation error for question '{name}': {fault}")  # as Copier has it
        if settings["overwrite"]:
            return
        kinds = self.environment.catalog.kinds  # type: ignore[attr-defined]
        faults = unknown_faults(given) or foreign_faults(given, given.get("kind", "connector"), kinds)
        if faults:
            raise UserMessageError("; ".join(faults))
