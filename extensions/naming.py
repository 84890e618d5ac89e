"""Casing of names and quoting of free text, as Jinja filters and as plain functions.

A connector has a *name* (``my_db``, snake case, as asked) and a *type* (``MyDb``,
what OpenMetadata calls the service). Each docstring says which of OpenMetadata's
conventions the casing serves.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+")

# JSON leaves these as they are, but TOML and YAML do not take them raw between quotes.
_UNQUOTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


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


def distribution(name: str) -> str:
    """``my_db`` → ``openmetadata-ingestion-connector-my-db``."""
    return "openmetadata-ingestion-connector-" + name.replace("_", "-")


def package(name: str) -> str:
    """``my_db`` → ``openmetadata_my_db``, what the distribution is imported as."""
    return f"openmetadata_{name}"


def quote(text: object) -> str:
    """Text between double quotes, valid alike in JSON, YAML, TOML and Python."""
    quoted = json.dumps(str(text), ensure_ascii=False)
    return _UNQUOTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def one_line(text: str) -> str:
    """Free text folded to one line, for a Markdown paragraph or a table cell."""
    return " ".join(str(text).split())


def fenced(text: str, language: str = "text") -> str:
    """Free text in a Markdown fence that nothing in the text can close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def code_span(text: object) -> str:
    """Text as Markdown code, backticks of its own included."""
    return f"`` {text} ``" if "`" in str(text) else f"`{text}`"


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
            quote,
            one_line,
            code_span,
            fenced,
        ):
            environment.filters[function.__name__] = function
