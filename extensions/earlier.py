"""Refuses an update whose earlier answers are not taken any more: Copier would take the defaults without a word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from copier.errors import UserMessageError
from copier_template_extensions import ContextHook
from jinja2 import UndefinedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

QUESTIONS = Path(__file__).resolve().parent.parent / "questions"

# Copier's own name for the file of the answers, where none is given.
ANSWERS_FILE = ".copier-answers.yml"


class EarlierExtension(ContextHook):
    """Looks at the recorded answers once, when an update asks its first question. The command does so by itself."""

    def __init__(extension, environment: Environment) -> None:
        super().__init__(environment)
        extension.environment = environment
        extension.seen: Mapping[str, Any] | None = None
        extension.faults: list[str] = []

    def hook(self, context: dict[str, Any]) -> None:
        settings = context["_copier_conf"]
        if context["_copier_phase"] != "prompt" or not settings["overwrite"]:
            return
        if settings["data"] is not self.seen:
            self.seen = settings["data"]  # before anything is rendered, which comes here, too
            self.faults = []
            self.faults = self._faults(context, settings)
        # Each time: Copier takes the first error for one of the answer that it looks at.
        if self.faults:
            raise UserMessageError("; ".join(self.faults))

    def _faults(self, context: dict[str, Any], settings: Mapping[str, Any]) -> list[str]:
        recorded = Path(settings["dst_path"], settings.get("answers_file") or ANSWERS_FILE)
        if not recorded.is_file():
            return []
        earlier = yaml.safe_load(recorded.read_text(encoding="utf-8")) or {}
        answers = context | earlier | settings["data"]
        return [
            f"{name}: the earlier answer is refused now: {fault}"
            for name, facts in questions().items()
            if name in earlier and name not in settings["data"] and (fault := self._fault(facts, answers))
        ]

    def _fault(self, facts: dict[str, Any], answers: dict[str, Any]) -> str:
        """What the validator of a question says; nothing where it is not asked any more, or needs a new answer."""
        try:
            asked = self._render(facts.get("when", "true"), answers)
            return self._render(facts.get("validator", ""), answers) if asked not in ("", "False", "false") else ""
        except UndefinedError:
            return ""

    def _render(self, source: object, answers: dict[str, Any]) -> str:
        return self.environment.from_string(str(source)).render(answers).strip()


def questions() -> dict[str, dict[str, Any]]:
    """All questions by their names."""
    return {
        name: facts
        for file in sorted(QUESTIONS.glob("*.yml"))
        for name, facts in yaml.safe_load(file.read_text(encoding="utf-8")).items()
    }
