"""Answers files: read with the line of each answer, and held against what the questions take."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scaffold_connector import questions
from scaffold_connector.arguments import Wrong

# What YAML makes of a text without quotes, in words.
_KINDS = {"bool": "true or false", "null": "nothing", "timestamp": "a date", "float": "a number", "int": "a number"}

# A number that is the same text again when it is written out.
_WHOLE = re.compile(r"0|-?[1-9][0-9]*")

# Longest answers file, in bytes: more than all answers are that the template takes. Parsing takes a second for each MB.
LARGEST = 2_000_000

# What Copier itself puts into an answers file.
COPIERS = ("_commit", "_src_path")


@dataclass
class Answers:
    """Answers by the names of their questions, where each of them was given, and the answers file if there is one."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    file: str = ""

    def place(self, name: str) -> str:
        """Where an answer was given, or where to give it: in the answers file, else as a flag."""
        return self.places.get(name) or (f"{self.file}: {name}" if self.file else questions.flag(name))


def read(file: Path, shown: str) -> Answers:
    """An answers file, called `shown` in faults. Raises `Wrong` where it can't be read as YAML; collects the rest."""
    import yaml

    try:
        with file.open("rb") as opened:
            if len(raw := opened.read(LARGEST + 1)) > LARGEST:
                raise Wrong(f"{shown}: give at most {LARGEST} bytes: no answers are as long")
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Wrong(f"{shown}: is not UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise Wrong(f"{shown}: can't be read: {error.strerror}") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise Wrong(syntax(shown, error)) from None
    answers = Answers(file=shown)
    if node is None:
        return answers
    if not isinstance(node, yaml.MappingNode):
        raise Wrong(f"{shown}: give each answer as a line `question: answer`")
    seen: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        place = f"{shown}:{line}"
        if not isinstance(key, yaml.ScalarNode):
            kind = "list" if isinstance(key, yaml.SequenceNode) else "mapping"
            answers.faults.append(f"{place}: give the name of a question before the colon, not a {kind}")
            continue
        name = str(key.value)
        if name in seen:
            answers.faults.append(f"{place}: {name} is answered on line {seen[name]} already")
            continue
        seen[name] = line
        answers.places[name] = f"{place}: {name}"
        try:
            answers.values[name] = _value(value)
        except ValueError as error:
            answers.faults.append(f"{place}: {name}: {error}")
    return answers


def syntax(shown: str, error: Any) -> str:
    """A line for what YAML's parser raised of the file that is called `shown`."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = f"{shown}:{mark.line + 1}" if mark else shown
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "it can't be parsed"
    return f"{place}: is not YAML: {' '.join(str(said).split())}"


def _value(node: Any) -> Any:
    """What Copier is given for a YAML node: a text, a list of texts. Raises ValueError for all that is neither."""
    import yaml

    if isinstance(node, yaml.SequenceNode):
        return [_text(item) for item in node.value]
    return _text(node)


def _text(node: Any) -> str:
    import yaml

    if not isinstance(node, yaml.ScalarNode):
        raise ValueError("give a text, not a " + ("list" if isinstance(node, yaml.SequenceNode) else "mapping"))
    kind = node.tag.rpartition(":")[2]
    raw = str(node.value)
    if kind == "str" or (kind == "int" and _WHOLE.fullmatch(raw)):
        return raw
    if kind == "null":
        raise ValueError('has no answer: give one, or "" for an empty text')
    raise ValueError(f"YAML reads {raw} as {_KINDS.get(kind, kind)}: put it in quotes")


def known(answers: Answers, asked: Mapping[str, Any]) -> list[str]:
    """Faults of answers to questions that there are not, and of lists and texts in each other's place."""
    faults = []
    for name, place in answers.places.items():
        if name in COPIERS:
            answers.values.pop(name, None)
        elif name not in asked:
            answers.values.pop(name, None)
            faults.append(f"{place} is not a question{_nearest(name, asked)}")
        elif isinstance(value := answers.values.get(name), list) and not asked[name].get("multiselect"):
            faults.append(f"{place}: give a text, not a list")
        elif isinstance(value, str) and asked[name].get("multiselect") and not _is_list(value):
            faults.append(f"{place}: give a list, such as [{value.strip('[]')}]")
        else:
            continue
        answers.values.pop(name, None)
    return faults


def too_long(answers: Answers, fault: Callable[[str, Any], str]) -> list[str]:
    """Faults of answers that the template refuses by their length; nothing else looks at them any more."""
    refused = {name: said for name, answer in answers.values.items() if (said := fault(name, answer))}
    for name in refused:
        del answers.values[name]
    return [f"{answers.place(name)}: {said}" for name, said in refused.items()]


def _is_list(text: str) -> bool:
    """Whether a text is a list when YAML reads it, as Copier does."""
    import yaml

    try:
        return isinstance(yaml.safe_load(text), list)
    except yaml.YAMLError:
        return False


def _nearest(name: str, asked: Iterable[str]) -> str:
    near = difflib.get_close_matches(name.replace("-", "_").lower(), asked, n=1)
    return f"; did you mean {near[0]}?" if near else ""
