"""The command line of a probe."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from scaffold_connector.arguments import Wrong
from scaffold_connector.probing import REQUESTS, SECONDS
from scaffold_connector.probing.options import pairs

_DESCRIPTION = """\
Asks a live system what a file of answers says of it, and says which of the
answers fit.

It only reads: with GET, and with POST where a list or the login of the map is a
POST. No secret is shown."""

_EXAMPLES = """\
examples:
  scaffold-connector probe superset.yml --option username=admin \\
      --option hostPort=http://localhost:8088 --option password=env:PASSWORD
      says of each list what fits
  scaffold-connector probe superset.yml … --write
      corrects the file where the probe is sure, and keeps its comments

exit codes:
  0  nothing is wrong; there may be doubts
  1  something in the answers is wrong, or the system does not answer
  2  a flag, an option or an answer is refused; nothing was asked"""


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line."""

    answers: str
    options: dict[str, str] = field(default_factory=dict)
    requests: int = REQUESTS
    timeout: float = SECONDS
    write: bool = False
    redact: bool = False
    json: bool = False
    template: str | None = None
    ref: str | None = None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Wrong(f"{message}; scaffold-connector probe --help shows what there is")


def parse(words: Sequence[str]) -> Asked:
    """Read the command line. Raises `Wrong`; exits after --help."""
    parser = _Parser(
        prog="scaffold-connector probe",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "answers", metavar="ANSWERS", help="YAML file of answers, with the map of the API or short answers"
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the connection, such as hostPort; a secret as env:VARIABLE or file:/PATH",
    )
    parser.add_argument(
        "--requests", type=_whole, default=REQUESTS, metavar="N", help=f"send at most N requests ({REQUESTS})"
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=SECONDS, metavar="SECONDS", help=f"how long each may take ({SECONDS:g})"
    )
    parser.add_argument("--write", action="store_true", help="correct the file where the probe is sure")
    parser.add_argument("--redact", action="store_true", help="show no values of the system")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what to print (text)")
    parser.add_argument("--template", metavar="URL", help="another template than the one of this command")
    parser.add_argument("--ref", metavar="REF", help="tag, branch or commit of the template")
    parser.add_argument("--debug", action="store_true", help="show where in the code a failure comes from")
    given = vars(parser.parse_args(list(words)))
    given.pop("debug")
    options = pairs(given.pop("option"))
    return Asked(options=options, json=given.pop("format") == "json", **given)


def _whole(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 10_000:
        raise argparse.ArgumentTypeError("give a number from 1 to 10000")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number <= 3600:
        raise argparse.ArgumentTypeError("give seconds, at most 3600")
    return number
