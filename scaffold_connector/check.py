"""Holds all answers against the questions, and collects what is wrong with each, before anything is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copier._main import Worker
    from copier._user_data import Question

# What Copier puts before the sentence of a validator or of a choice.
_HEAD = re.compile(r"(?:Validation error for question|Invalid choice for) '\w+': ")


def faults(worker: Worker, place: Callable[[str], str], broken: Collection[str] = ()) -> list[str]:
    """A line for each answer in `worker.data` that is refused, or missing; `place` says where it is given.

    Copier stops at the first. Here the questions are gone through one by one, as Copier does it with `--defaults`. One
    that needs an answer which can't be read, or a `broken` one, of which it is known already, is left out. An answer
    that only its validator refuses is used on, but defaults that come of it are nobody's fault.
    """
    from copier._user_data import AnswersMap, Question

    worker.answers = AnswersMap(
        init=worker.data, last=dict(worker.subproject.last_answers), external=worker._external_data()
    )
    answers = worker.answers
    found: list[str] = []
    refused = set(broken)
    doubtful: set[str] = set()
    for name, details in worker.template.questions_data.items():
        given = name in answers.init
        parts = ["choices", "validator", "when", "type"] + ([] if given or name in answers.last else ["default"])
        needs = set(_names(worker, [details.get(part) for part in parts])) - {name}
        if name in refused or needs & refused:
            refused.add(name)
            continue
        question = Question(
            answers=answers,
            context=worker._render_context(),
            jinja_env=worker.jinja_env,
            settings=worker.settings,
            var_name=name,
            **details,
        )
        try:
            said = _of_given(question) if given else _of_default(question)
        except Exception:
            if not needs & doubtful:
                raise
            refused.add(name)
            continue
        at_second_hand = not given and bool(needs & doubtful)
        if said or at_second_hand:
            (doubtful if name in answers.user else refused).add(name)
        if said and not at_second_hand:
            found += [f"{place(name)}: {sentence}" for sentence in said]
    return found


def _of_given(question: Question) -> list[str]:
    """What is wrong with the answer that was given; one that can be read is there for the questions after it."""
    name, answers = question.var_name, question.answers
    said = _unreadable(question, answers.init[name])
    if not said:
        answers.user[name] = question.parse_answer(answers.init[name])
        said = _invalid(question, answers.user[name])
    return said


def _of_default(question: Question) -> list[str]:
    """What is wrong with the earlier answer, which an update keeps, else with the default."""
    from copier._types import MISSING

    name, answers = question.var_name, question.answers
    if name in answers.last:
        last = answers.last[name]
        if not question.get_when():
            del answers.last[name]  # nobody is asked for it any more
        elif said := _unreadable(question, last) or _invalid(question, question.parse_answer(last)):
            # Copier would take the default without a word.
            return [f"the earlier answer is refused now: {sentence}" for sentence in said]
    try:
        default = question.get_default()
    except (ValueError, TypeError) as error:
        with suppress(Exception):
            answers.user[name] = question.parse_answer(question.render_value(question.default))
        return [f"give an answer, the default does not do: {_sentence(question, None, error)}"]
    if default is not MISSING:
        answers.user[name] = default
    elif question.get_when():
        return ["give an answer: there is no default"]
    return []


def _unreadable(question: Question, answer: Any) -> list[str]:
    """Why an answer is none of the type, or of the choices; of a list a line for each item."""
    said = []
    for part in [[item] for item in answer] if isinstance(answer, list) and question.multiselect else [answer]:
        try:
            question.parse_answer(part)
        except (ValueError, TypeError) as error:
            said.append(_sentence(question, part, error))
    return said


def _invalid(question: Question, answer: Any) -> list[str]:
    """Why the validator refuses an answer."""
    try:
        question.validate_answer(answer)
    except ValueError as error:
        return [_sentence(question, answer, error)]
    return []


def _sentence(question: Question, answer: Any, error: Exception) -> str:
    text, heads = _HEAD.subn("", str(error), count=1)
    if not heads and question.get_type_name() == "int":
        return f"give a whole number: {answer!r} is none"
    return " ".join(text.split())


def _names(worker: Worker, sources: list[Any]) -> Iterator[str]:
    """The answers that Jinja sources ask for."""
    from jinja2.meta import find_undeclared_variables

    for source in sources:
        if isinstance(source, str):
            yield from find_undeclared_variables(worker.jinja_env.parse(source))
