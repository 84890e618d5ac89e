"""`scaffold-connector`, or `python -m scaffold_connector`: parses, runs, prints, and gives the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from scaffold_connector import questions
from scaffold_connector.arguments import Request, Wrong, parse

if TYPE_CHECKING:
    from scaffold_connector.outcome import Outcome

DONE, FAILED, WRONG = 0, 1, 2

# What else the command does, by its first word: a module whose `run` takes the other words and gives the exit code.
COMMANDS = {"inspect": "scaffold_connector.inspecting", "probe": "scaffold_connector.probing"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 when done, 1 when it could not be done or is not valid, 2 for wrong answers or flags."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    debug = "--debug" in words
    try:
        if words and words[0] in COMMANDS:
            return int(import_module(COMMANDS[words[0]]).run(words[1:]))
        request = parse(words, questions.load())
        if request.version:
            return _version()
        return _run(request)
    except Wrong as wrong:
        print(*wrong.lines, sep="\n", file=sys.stderr)
        return WRONG
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # whoever reads has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return DONE
    except Exception as error:
        if debug:
            raise
        print(_line(error), file=sys.stderr)
        return FAILED


def _run(request: Request) -> int:
    # Copier's, and all that it brings, which takes longer than showing the help may take.
    import warnings

    from scaffold_connector import report

    warnings.simplefilter("ignore")
    outcome = _outcome(request)
    if outcome.faults:
        print(*outcome.faults, sep="\n", file=sys.stderr)
    if request.json:
        print(report.as_json(outcome))
    elif not outcome.faults:
        print(report.as_text(outcome))
    return FAILED if outcome.faults else DONE


def _outcome(request: Request) -> Outcome:
    from scaffold_connector import answers, report
    from scaffold_connector.make import make
    from scaffold_connector.update import update

    flags = {name: questions.flag(name) for name in request.answers}
    given = answers.Answers(dict(request.answers), flags)
    if request.file:
        read = answers.read(Path(request.file), request.file)
        given = answers.Answers(read.values | given.values, read.places | given.places, read.faults, read.file)
    if request.update:
        return update(request, given, report.stage)
    ask = not request.file and not request.answers
    if ask and (request.json or not (sys.stdin.isatty() and sys.stdout.isatty())):
        raise Wrong(
            "give --name and --service-type, or --answers FILE: without them questions are asked, on a terminal"
        )
    return make(request, given, report.stage, ask)


def _version() -> int:
    from scaffold_connector import template

    try:
        origin = f"template {template.origin()}"
    except template.Unknown as unknown:
        origin = str(unknown)
    print(f"scaffold-connector {template.version()}, {origin}")
    return DONE


def _line(error: Exception) -> str:
    from scaffold_connector.template import Unknown

    text = " ".join(str(error).split())
    if isinstance(error, ImportError):
        return f"{text}: something beside this command is missing or too old; install the command again"
    expected = type(error).__name__ == "Failed" or isinstance(error, Unknown)
    return text if expected else f"{type(error).__name__}: {text} (--debug shows where)"


if __name__ == "__main__":
    sys.exit(main())
