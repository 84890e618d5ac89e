"""The command line: a flag for every question, and the few of the command itself."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from scaffold_connector.questions import Question

_USAGE = "scaffold-connector --name NAME --service-type TYPE [flags]"

_DESCRIPTION = """\
Makes an OpenMetadata connector from answers: a package of its own, or a contribution inside an OpenMetadata
checkout. Only --name and --service-type have to be given; without any answer the questions are asked one by one.
With --kind, it makes what stands beside connectors.

What can be chosen depends on the answers before it: the questions show it, and so does the refusal of a wrong value."""

_EXAMPLES = """\
examples:
  scaffold-connector
      asks, and shows what can be chosen
  scaffold-connector --name my_db --service-type database --scheme postgresql+psycopg2 --auth-types basic iam
      a package in ./my-db-connector; in an OpenMetadata checkout, a contribution to it
  scaffold-connector --answers answers.yml --dest out --format json
      from a file, for scripts: one JSON object on stdout
  scaffold-connector --update --name my_db
      brings what the template has new, and keeps what was edited

other commands, each with a --help of its own:
  scaffold-connector inspect DOCUMENT
      writes an answers file from an OpenAPI document
  scaffold-connector probe ANSWERS --option hostPort=URL
      asks a live system, and says which of the answers fit

exit codes:
  0  done
  1  it could not be done, or what was written is not valid
  2  an answer or a flag is wrong; nothing was written"""


class Wrong(Exception):
    """Answers or flags that are wrong, a line for each fault."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass
class Request:
    """What was asked for on the command line. `answers` are those given by flags, by the names of the questions."""

    answers: dict[str, Any] = field(default_factory=dict)
    file: str | None = None
    dest: str | None = None
    update: bool = False
    json: bool = False
    template: str | None = None
    ref: str | None = None
    debug: bool = False
    version: bool = False


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Wrong(message)


def parse(arguments: Sequence[str], questions: list[Question]) -> Request:
    """Read the command line. Raises `Wrong`; exits after --help."""
    parser = _parser(questions)
    given, unknown = parser.parse_known_args(arguments)
    if unknown:
        flags = [option for action in parser._actions for option in action.option_strings]
        wrong = [one for one in unknown if one.startswith("-")] or unknown  # what follows a flag belongs to it
        raise Wrong(*(_unknown(one, flags) for one in wrong))
    values = vars(given)
    answers = {question.name: values.pop(question.name) for question in questions}
    answers = {name: value for name, value in answers.items() if value is not None}
    return Request(answers=answers, **(values | {"json": values.pop("format") == "json"}))


def _unknown(argument: str, flags: list[str]) -> str:
    if not argument.startswith("-"):
        return f"{argument!r} belongs to no flag: put text with blanks in quotes"
    flag = argument.partition("=")[0]
    near = difflib.get_close_matches(flag, flags, n=1)
    return f"there is no flag {flag}" + (f"; did you mean {near[0]}?" if near else ": --help lists those there are")


def _parser(questions: list[Question]) -> argparse.ArgumentParser:
    # Without abbreviations: what is the beginning of one flag today is that of two when a question is added.
    parser = _Parser(
        prog="scaffold-connector",
        usage=_USAGE,
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        allow_abbrev=False,
        add_help=False,
        formatter_class=_Format,
    )
    for topic in dict.fromkeys(question.topic for question in questions):
        group = parser.add_argument_group(f"answers: {topic}")
        for question in questions:
            if question.topic == topic:
                _add(group, question)
    command = parser.add_argument_group("the command")
    command.add_argument(
        "--answers", dest="file", metavar="FILE", help="YAML file of answers; where a flag answers too, the flag counts"
    )
    command.add_argument(
        "--dest",
        metavar="FOLDER",
        help="where to write (the OpenMetadata checkout that this folder is in, else ./NAME-KIND)",
    )
    command.add_argument("--update", action="store_true", help="update the connector of --name, or of --answers")
    command.add_argument("--format", choices=["text", "json"], default="text", help="what to print at the end (text)")
    command.add_argument(
        "--template", metavar="URL", help="another template than the one of this command, to be trusted"
    )
    command.add_argument("--ref", metavar="REF", help="tag, branch or commit of the template")
    command.add_argument("--debug", action="store_true", help="show where in the code a failure comes from")
    command.add_argument("--version", action="store_true", help="show the version, and where the template comes from")
    command.add_argument("-h", "--help", action="help", help="show this")
    return parser


def _add(group: argparse._ArgumentGroup, question: Question) -> None:
    text = question.help.replace("%", "%%")
    value = "VALUE" if question.several else question.name.rpartition("_")[2].upper()
    group.add_argument(
        question.flag, dest=question.name, nargs="+" if question.several else None, metavar=value, help=text
    )


class _Format(argparse.RawDescriptionHelpFormatter):
    """Help in two columns, as wide as the terminal up to a width that is good to read."""

    def __init__(self, prog: str) -> None:
        try:
            columns = os.get_terminal_size(sys.stdout.fileno()).columns
        except (OSError, ValueError):
            columns = 110
        super().__init__(prog, max_help_position=32, width=min(columns, 110))
