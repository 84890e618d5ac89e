"""`scaffold-connector inspect`: answers for a connector from an OpenAPI document, each with where it is from."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from scaffold_connector.arguments import Wrong

DONE, FAILED = 0, 1

DESCRIPTION = """\
Reads an OpenAPI 3.0, 3.1 or Swagger 2 document, and writes an answers file from which scaffold-connector makes a
connector: service type, lists, paging, fields and how to sign in. A comment says where each part is from, and CHECK
marks what is doubtful. Nothing but the document is asked for, and no reference to another file or host is followed."""

EXAMPLES = """\
examples:
  scaffold-connector inspect openapi.yaml
      writes NAME.answers.yml, NAME being what the API calls itself
  scaffold-connector inspect https://example.com/openapi.json --service-type pipeline --write -
      prints the answers instead

exit codes:
  0  the answers are written
  1  the document is of no system that OpenMetadata has a service type for
  2  the document or a flag is wrong"""


@dataclass
class Inspection:
    """What a document says.

    `answers` are by the names of questions, `api` is the map as YAML. `sources` says where each answer is from,
    `doubtful` what to check of it; `doubts` has all of these, with their places. `reasons` are lines for the service
    type, `unmapped` lines for what was left out. `service_type` is empty where the API fits none.
    """

    document: str
    service_type: str
    reasons: list[str]
    answers: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    doubtful: dict[str, list[str]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    unmapped: list[str] = field(default_factory=list)
    lists: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The answers file."""
        from scaffold_connector.inspecting import writing

        return writing.text(self)


def inspect(document: str | Path, *, service_type: str | None = None, name: str | None = None) -> Inspection:
    """The answers that an OpenAPI document gives: a file, or an http(s) address, whose host alone is asked.

    `service_type` is one of the catalog's; if it is left out, the one that fits best is taken. `name` is the answer of
    that name. Raises `Wrong`, with a line, where the document can't be read.
    """
    from scaffold_connector.inspecting import documents, inferring

    shown = str(document)
    return inferring.inferred(documents.read(shown), shown, service_type, name)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Wrong(message)


def run(words: Sequence[str]) -> int:
    """Run the command with these words. Raises `Wrong`."""
    given = _parser().parse_args(list(words))
    found = inspect(given.document, service_type=given.service_type, name=given.name)
    if not found.service_type:
        print(*found.reasons, sep="\n", file=sys.stderr)
        return FAILED
    target = given.write or f"{found.answers['name']}.answers.yml"
    if target != "-":
        _write(Path(target), found.text(), given.force)
    if given.format == "json":
        print(json.dumps({"written": None if target == "-" else target} | asdict(found), ensure_ascii=False, indent=2))
    elif target == "-":
        print(found.text(), end="")
    else:
        print(*_report(found, target), sep="\n")
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="scaffold-connector inspect",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("document", metavar="DOCUMENT", help="a file, or an address that starts with http(s)://")
    parser.add_argument("--service-type", metavar="TYPE", help="the service type, if you know better (the best fit)")
    parser.add_argument("--name", metavar="NAME", help="the name of the connector (from the title of the document)")
    parser.add_argument("--write", metavar="FILE", help="where to write; - prints it (./NAME.answers.yml)")
    parser.add_argument("--force", action="store_true", help="write over a file that exists")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="what to print (text)")
    parser.add_argument("--debug", action="store_true", help="show where in the code a failure comes from")
    return parser


def _write(file: Path, text: str, force: bool) -> None:
    try:
        with file.open("w" if force else "x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
    except FileExistsError:
        raise Wrong(f"{file}: exists already; give --force to write over it, or --write another file") from None
    except OSError as error:
        raise Wrong(f"{file}: can't be written: {error.strerror}") from None


def _report(found: Inspection, target: str) -> list[str]:
    """What is said on a terminal: lines of 80 columns at most."""
    lines = [*found.reasons, ""]
    width = max((len(name) for name in found.lists), default=0)
    lines += [f"  {name:<{width}}  {said}" for name, said in found.lists.items()]
    lines += [f"  {'signs in':<{width}}  {', '.join(found.answers['auth_types'])}", ""]
    if found.doubts:
        kinds = Counter(found.doubts)
        lines.append(f"{len(found.doubts)} to check, marked CHECK in the file:")
        lines += [f"  {said}" for said in list(kinds)[:12]]
        lines += [f"  … and {len(kinds) - 12} more"] if len(kinds) > 12 else []
        lines.append("")
    lines += [f"Not mapped: {said}" for said in found.unmapped[:4]] + [""] if found.unmapped else []
    lines = [piece for line in lines for piece in _folded(line)]
    return [*lines, f"Written to {target}. Next, see whether it fits:", *_probe(found, target)]


def _probe(found: Inspection, target: str) -> list[str]:
    """The command that probes the system of the answers, and the variables that it takes secrets from."""
    from scaffold_connector.inspecting.vocabulary import Vocabulary

    options = Vocabulary().options(found.answers["auth_types"][0])
    constant = found.answers["name"].upper()
    address = f"http://localhost:{port}" if (port := found.answers.get("default_port")) else "http://…"
    exports, given = [], [f"--option hostPort={address}"]
    for name, facts in options.items():
        if facts.get("required") and facts.get("secret"):
            variable = constant + "_" + re.sub(r"([A-Z])", r"_\1", name).upper()
            exports.append(f"  export {variable}=…")
            given.append(f"--option {name}=env:{variable}")
        elif facts.get("required"):
            given.append(f"--option {name}=…")
    command = [f"  scaffold-connector probe {shlex.quote(target)} --write", *(f"      {option}" for option in given)]
    return [*exports, " \\\n".join(command)]


def _folded(line: str) -> list[str]:
    import textwrap

    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, 80, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]
