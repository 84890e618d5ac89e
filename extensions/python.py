"""Python source that a formatter leaves as it is: imports, strings and collections.

What a template writes out by hand is formatted already; these filters are for what
grows with the answers. The conventions are ruff's own (its `I` rules and `ruff
format`) at the line length of OpenMetadata's ingestion module.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import Environment

LINE_LENGTH = 120

_FROM = re.compile(r"from (?P<module>\S+) import (?P<names>.+)")
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
_IMPORT = re.compile(r"import (?P<module>\S+)")


def imports(block: str, *first_party: str) -> str:
    """Sort, merge and wrap import statements, one statement a line, in any order.

    `first_party` are the top-level modules that get the last section. Several names
    of one module may come from several lines; a name imported `as` another keeps a
    statement of its own. Raises ValueError for a line that is no import.
    """
    plain: set[str] = set()
    members: dict[str, set[str]] = {}
    for line in filter(None, map(str.strip, block.splitlines())):
        if match := _FROM.fullmatch(line):
            members.setdefault(match["module"], set()).update(name.strip() for name in match["names"].split(","))
        elif match := _IMPORT.fullmatch(line):
            plain.add(match["module"])
        else:
            raise ValueError(f"not an import: {line}")
    sections: list[list[str]] = [[], [], [], []]
    for module in sorted(plain, key=str.lower):
        sections[_section(module, first_party)].append(f"import {module}")
    for module in sorted(members, key=str.lower):
        sections[_section(module, first_party)].extend(_from_statements(module, members[module]))
    return "\n\n".join("\n".join(section) for section in sections if section)


def py_string(text: object) -> str:
    """A Python string literal, between the quotes that need fewer escapes."""
    text = str(text)
    mark = "'" if text.count('"') > text.count("'") else '"'
    body = "".join(_escaped(character, mark) for character in text)
    return f"{mark}{body}{mark}"


def py_strings(texts: Iterable[object], brackets: str, indent: int, used: int) -> str:
    """Python string literals in brackets, on one line where they fit, else one a line.

    `indent` is the column of the statement, `used` how many characters of its line
    are written already.
    """
    opening, closing = brackets[0], brackets[1]
    literals = [py_string(text) for text in texts]
    if opening == "(" and len(literals) == 1:
        closing = ",)"
    line = f"{opening}{', '.join(literals)}{closing}"
    if used + len(line) <= LINE_LENGTH:
        return line
    lines = "".join(f"{' ' * (indent + 4)}{literal},\n" for literal in literals)
    return f"{opening}\n{lines}{' ' * indent}{brackets[1]}"


def py_value(value: object, indent: int) -> str:
    """A Python literal of strings, numbers, dicts and lists, one item a line."""
    if isinstance(value, dict):
        items = [f"{py_string(key)}: {py_value(item, indent + 4)}" for key, item in value.items()]
        opening, closing = "{", "}"
    elif isinstance(value, list | tuple):
        items = [py_value(item, indent + 4) for item in value]
        opening, closing = "[", "]"
    else:
        return _scalar(value)
    if not items:
        return opening + closing
    lines = "".join(f"{' ' * (indent + 4)}{item},\n" for item in items)
    return f"{opening}\n{lines}{' ' * indent}{closing}"


def py_union(names: Iterable[str], indent: int, used: int) -> str:
    """A union of types, on one line where it fits, else in parentheses with one type a line."""
    names = list(names)
    line = " | ".join(names)
    if used + len(line) <= LINE_LENGTH:
        return line
    inner = " " * (indent + 4)
    if len(inner + line) > LINE_LENGTH:
        line = f"\n{inner}| ".join(names)
    return f"(\n{inner}{line}\n{' ' * indent})"


def fit(line: str, indent: int = 0) -> str:
    """A line of code as it is where it fits, else broken inside its first parentheses: in one piece, or item by item.

    `indent` is the column that the line starts at. Items that are still too long are broken in the same way.
    """
    code = _STRING.sub(lambda match: "_" * len(match[0]), line)
    if indent + len(line) <= LINE_LENGTH or "(" not in code:
        return line
    start = code.index("(") + 1
    commas, depth = [start - 1], 0
    for end, character in enumerate(code[start:], start):
        depth += (character in "([{") - (character in ")]}")
        if depth < 0:
            break
        if character == "," and depth == 0:
            commas.append(end)
    inside, inner = line[start:end], " " * (indent + 4)
    if len(inner + inside) > LINE_LENGTH:
        items = [line[at + 1 : until].strip() for at, until in zip(commas, [*commas[1:], end], strict=True)]
        # A comma is behind each.
        inside = "".join(f"{fit(f'{item},', indent + 4)}\n{inner}" for item in items).rstrip()
    return f"{line[:start]}\n{inner}{inside}\n{' ' * indent}{line[end:]}"


def assignment(value: str, name: str, indent: int) -> str:
    """An assignment of a value that can't be broken: on a line of its own, in parentheses, where only that fits."""
    return _after(f"{name} = ", value, indent)


def returned(value: str, indent: int) -> str:
    """A return of a value that can't be broken: on a line of its own, in parentheses, where only that fits."""
    return _after("return ", value, indent)


def _after(words: str, value: str, indent: int) -> str:
    line = f"{words}{value}"
    if indent + len(line) <= LINE_LENGTH or indent + 4 + len(value) > LINE_LENGTH:
        return line
    return f"{words}(\n{' ' * (indent + 4)}{value}\n{' ' * indent})"


def py_line(value: object) -> str:
    """A Python literal of strings, numbers, dicts and lists on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{py_string(key)}: {py_line(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(py_line, value))}]"
    return _scalar(value)


def nested_literal(path: str, value: str) -> str:
    """A Python literal of objects within each other, by keys that are joined by dots, around an expression."""
    for key in reversed(path.split(".")):
        value = f"{{{py_string(key)}: {value}}}"
    return value


def path_literal(path: str, items: Iterable[str]) -> str:
    """A Python literal of a URL's path, in which each `{item}` is the quoted identity of that record."""
    literal = py_string(path)
    items = list(items)
    for item in items:
        literal = literal.replace(f"{{{item}}}", f"{{part({item}, '{item}')}}")
    return f"f{literal}" if items else literal


def _scalar(value: object) -> str:
    return py_string(value) if isinstance(value, str) else repr(value).replace("e+", "e")


def _section(module: str, first_party: tuple[str, ...]) -> int:
    top = module.partition(".")[0]
    if top == "__future__":
        return 0
    if top in sys.stdlib_module_names:
        return 1
    return 3 if top in first_party else 2


def _from_statements(module: str, names: set[str]) -> list[str]:
    aliased = sorted(name for name in names if " as " in name)
    direct = sorted((name for name in names if " as " not in name), key=_member_key)
    groups = ([direct] if direct else []) + [[name] for name in aliased]
    return [_from_statement(module, group) for group in sorted(groups, key=lambda group: _member_key(group[0]))]


def _from_statement(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= LINE_LENGTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def _member_key(name: str) -> tuple[int, str, str]:
    """Constants, then classes, then the rest; alphabetical without regard to case."""
    name = name.partition(" as ")[0]
    kind = 0 if len(name) > 1 and name.isupper() else 1 if name[0].isupper() else 2
    return kind, name.lower(), name


def _escaped(character: str, mark: str) -> str:
    if character in (mark, "\\"):
        return "\\" + character
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


class PythonExtension(Extension):
    """Adds the functions of this module as Jinja filters of the same names."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        for function in (
            assignment,
            fit,
            imports,
            nested_literal,
            path_literal,
            py_line,
            py_string,
            py_strings,
            py_union,
            py_value,
            returned,
        ):
            environment.filters[function.__name__] = function
