"""Casing of names and quoting of free text, as Jinja filters and as plain functions.

A connector has a *name* (``my_db``, snake case, as asked) and a *type* (``MyDb``,
what OpenMetadata calls the service). Each docstring says which of OpenMetadata's
conventions the casing serves.
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+")

# JSON leaves these as they are, but TOML and YAML do not take them raw between quotes.
_UNQUOTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")

# What Markdown reads as markup, and where: a `#` or `_` within a word is none, and some of `#` end a heading.
_MEANINGFUL = re.compile(r"[\\*\[\]|~]|(?<![^\W_])_|_(?![^\W_])|(?<= )#(?=#*$)")
_REFERENCE = r"&(?=#?\w+;)"
_REFERABLE = re.compile(rf"[`<{{}}$]|{_REFERENCE}")
# A line that begins with it is a heading, list, quote or rule, or in MDX a module's import or export.
_BEGINNING = re.compile(r"^(?:[#>=+-]|\d{1,9}[.)](?=\s|$)|[ie](?=mport\s|xport\s))")
# Code spans as they are, and beside them expressions and tags of MDX, sections and identifiers of the UI.
_FOREIGN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)|[<{}$]")
# Beyond the characters of XML 1.0, section 2.2.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def words(name: str) -> list[str]:
    """The words of a name in any casing: ``my_db2`` → my, db2; ``HTTPServer`` → HTTP, Server.

    Everything but ASCII letters and digits separates, and so does a change of case;
    digits stay with the word before them (``S3Bucket`` → S3, Bucket).
    """
    return _WORD.findall(name)


def pascal(name: str) -> str:
    """``my_db`` → ``MyDb``, the service type as `metadata scaffold-connector` spells it."""
    return "".join(word[0].upper() + word[1:] for word in words(name))


def camel(name: str) -> str:
    """``my_db`` → ``myDb``, the stem of schema and test-connection file names."""
    first, *rest = words(name)
    return first.lower() + "".join(word[0].upper() + word[1:] for word in rest)


def snake(name: str) -> str:
    """``GetDataModels`` → ``get_data_models``, the method of a step."""
    return "_".join(words(name)).lower()


def constant(name: str) -> str:
    """``my_db`` → ``MY_DB``, the prefix of module constants."""
    return "_".join(words(name)).upper()


def module(type_name: str) -> str:
    """``MyDb`` → ``mydb``, the only module directory the framework looks for (importer.py)."""
    return type_name.lower()


def enum_member(type_name: str, acronyms: frozenset[str]) -> str:
    """``MyDb`` → ``MyDB``, ``YDB`` → ``Ydb``: the type in the interface's enums, as quicktype makes them.

    It writes the acronyms that it knows in capitals, keeps what is in capitals beside what is not, and begins
    all else with one (quicktype-core's Strings.ts: splitIntoWords, makeNameStyle).
    """
    mixed = type_name.upper() != type_name
    return "".join(
        word.upper() if word.lower() in acronyms or (mixed and word.isupper()) else word.capitalize()
        for word in words(type_name)
    )


def distribution(name: str, kind: str) -> str:
    """``my_db``, a connector → ``openmetadata-ingestion-connector-my-db``."""
    return f"openmetadata-ingestion-{kind}-{name.replace('_', '-')}"


def package(name: str) -> str:
    """``my_db`` → ``openmetadata_my_db``, what the distribution is imported as."""
    return f"openmetadata_{name}"


def initials(type_name: str) -> str:
    """``MyDb`` → ``MD``, ``Postgres`` → ``P``: one or two characters for a picture."""
    return "".join(word[0] for word in words(type_name)[:2]).upper()


def enumeration(items: list[str]) -> str:
    """Things as a sentence names them: `tables, views and columns`."""
    return " and ".join(filter(None, [", ".join(items[:-1]), items[-1]]))


def quote(text: object) -> str:
    """Text between double quotes, valid alike in JSON, YAML, TOML and Python."""
    quoted = json.dumps(str(text), ensure_ascii=False)
    return _UNQUOTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def one_line(text: str) -> str:
    """Free text folded to one line, for a Markdown paragraph or a table cell."""
    return " ".join(str(text).split())


def fenced(text: str, language: str = "text") -> str:
    """Free text in a Markdown fence that nothing in the text can close; its lines end as those of the file do."""
    fence = "`" * max(3, _backticks(text) + 1)
    lines = re.sub(r"\r\n?", "\n", text).rstrip()
    return f"{fence}{language}\n{lines}\n{fence}"


def plain(text: object) -> str:
    """Free text as one line of Markdown that shows it as it is, in MDX and in the UI's own dialect too.

    What has a meaning to Markdown is escaped where it would have one there, so that common names stay
    readable: `my_db`, `C#` and `A & B` are left alone. Character references stand for what only some of
    the readers let a backslash escape.
    """
    escaped = _MEANINGFUL.sub(lambda match: f"\\{match[0]}", one_line(str(text)))
    escaped = _REFERABLE.sub(lambda match: f"&#{ord(match[0])};", escaped)
    return _BEGINNING.sub(lambda match: f"{match[0][:-1]}&#{ord(match[0][-1])};", escaped)


def prose(markdown: str) -> str:
    """Markdown of our own where what MDX and the UI would read as code of theirs is escaped, outside code spans."""
    return _FOREIGN.sub(lambda match: f"&#{ord(match[0])};" if len(match[0]) == 1 else match[0], markdown)


def cell(markdown: object) -> str:
    """Markdown as a table cell: on one line, and its bars are no borders."""
    return re.sub(r"(?<!\\)\|", r"\\|", one_line(str(markdown)))


def link(url: str, text: str) -> str:
    """A Markdown link to a URL that `url_fault` of answers.py lets pass; `text` is Markdown.

    No bracket of the URL ends the link, and no part of it is a character reference.
    """
    target = re.sub(r"[()$]", lambda match: f"%{ord(match[0]):02X}", url)
    return f"[{text}]({re.sub(_REFERENCE, '&amp;', target)})"


def xml_text(text: object) -> str:
    """Free text in XML, between tags or double quotes, with blanks for the characters that XML 1.0 can't hold."""
    return html.escape(one_line(_NOT_XML.sub(" ", str(text))))


def code_span(text: object) -> str:
    """Text as Markdown code, backticks of its own included."""
    text = str(text)
    mark = "`" * (_backticks(text) + 1)
    return f"{mark} {text} {mark}" if "`" in text else f"`{text}`"


def _backticks(text: str) -> int:
    """The most backticks that stand in a row."""
    return max(map(len, re.findall(r"`+", text)), default=0)


class NamingExtension(Extension):
    """Adds the functions of this module as Jinja filters of the same names."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        for function in (
            pascal,
            camel,
            snake,
            constant,
            module,
            enum_member,
            distribution,
            package,
            initials,
            enumeration,
            quote,
            one_line,
            plain,
            prose,
            cell,
            link,
            xml_text,
            code_span,
            fenced,
        ):
            environment.filters[function.__name__] = function
