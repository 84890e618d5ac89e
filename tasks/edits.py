"""Puts entries into lists of source files that are somebody else's, and changes nothing beside them.

Works on text: JSON, TypeScript, Java and Python differ here only in their comments and quotes. An
entry goes after the last one that is less than it, so that it does not matter in which order
several are put in. What is there already stays as it is. A file that is not as it has to be
raises `Unlike`, and nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_BRACKET = re.compile(r"[(\[{)\]}]")

# Line comments, block comments and quotes of each language. A backquote and triple quotes span lines.
_TOKENS = {
    "json": r'"(?:\\.|[^"\\\n])*"',
    "python": r"#[^\n]*|\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
    "java": r"//[^\n]*|/\*.*?\*/|\"\"\".*?\"\"\"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
    "typescript": r"//[^\n]*|/\*.*?\*/|`(?:\\.|[^`\\])*`|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
}


class Unlike(Exception):
    """A file is not as it has to be for an edit. The message says what is missing or in the way."""


@dataclass(frozen=True)
class Span:
    """A part of a text: from `start` up to `end`."""

    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """A text in one of the languages of `_TOKENS`."""

    text: str
    language: str

    @cached_property
    def code(self) -> str:
        """The text with blanks for comments, and with strings that hold only their quotes: same length, same lines."""

        def blank(match: re.Match[str]) -> str:
            token = match[0]
            inner = "".join(character if character in "\r\n" else " " for character in token[1:-1])
            return token[0] + inner + token[-1] if token[0] in "\"'`" else f" {inner} "

        return re.sub(_TOKENS[self.language], blank, self.text, flags=re.DOTALL)

    @cached_property
    def newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    def is_balanced(self) -> bool:
        """Whether each bracket of the code is closed by its own kind."""
        index = 0
        while opening := _BRACKET.search(self.code, index):
            if opening[0] not in _CLOSING:
                return False
            try:
                index = self.closing(opening.start()) + 1
            except Unlike:
                return False
        return True

    def closing(self, opening: int) -> int:
        """Where the bracket at `opening` is closed."""
        stack = []
        for bracket in _BRACKET.finditer(self.code, opening):
            if bracket[0] in _CLOSING:
                stack.append(_CLOSING[bracket[0]])
            elif not stack or stack.pop() != bracket[0]:
                break
            if not stack:
                return bracket.start()
        raise Unlike("a bracket is not closed")

    def depth(self, index: int) -> int:
        """How many brackets are open at a place."""
        before = self.code[:index]
        return sum(before.count(opening) - before.count(closing) for opening, closing in _CLOSING.items())

    def enclosing(self, index: int) -> int:
        """The opening bracket around a place."""
        depth = 0
        for before in range(index - 1, -1, -1):
            if self.code[before] in _CLOSING.values():
                depth += 1
            elif self.code[before] in _CLOSING:
                if not depth:
                    return before
                depth -= 1
        raise Unlike("no list is around it")

    def items(self, opening: int) -> Sequence[Span]:
        """The items between a bracket and its end, which commas separate; without blanks and comments around them."""
        spans, start, depth = [], opening + 1, 0
        end = self.closing(opening)
        for index in range(opening + 1, end + 1):
            character = self.code[index]
            if index == end or (character == "," and not depth):
                piece = self.code[start:index]
                if piece.strip():
                    left = start + len(piece) - len(piece.lstrip())
                    spans.append(Span(left, start + len(piece.rstrip())))
                start = index + 1
            elif character in _CLOSING:
                depth += 1
            elif character in _CLOSING.values():
                depth -= 1
        return spans

    def line(self, index: int) -> Span:
        """The line around a place, without its end."""
        start = self.text.rfind("\n", 0, index) + 1
        end = self.text.find("\n", index)
        end = len(self.text) if end < 0 else end
        return Span(start, end - 1 if self.text[start:end].endswith("\r") else end)

    def indent(self, index: int) -> str:
        """The blanks that the line around a place begins with."""
        line = self.text[self.line(index).start : self.line(index).end]
        return line[: len(line) - len(line.lstrip())]

    def replaced(self, start: int, end: int, new: str) -> str:
        return self.text[:start] + new + self.text[end:]


def pattern(template: str) -> str:
    """A regular expression for a piece of code in which blanks may be more or fewer.

    KEY in it is a name or a path, WORD is any word.
    """
    pieces = re.findall(r"\w+|[^\w\s]", template)
    return r"\s*".join(_PLACEHOLDERS.get(piece) or _exactly(piece) for piece in pieces)


_PLACEHOLDERS = {"KEY": r"['\"]?([\w./$@-]+)['\"]?", "WORD": r"\w+"}


def _exactly(piece: str) -> str:
    return rf"\b{piece}\b" if re.fullmatch(r"\w+", piece) else re.escape(piece)


def order(key: str) -> tuple[str, str]:
    """Keys stand in the order of their letters, whatever the case."""
    return key.casefold(), key


def put(
    source: Source,
    opening: int,
    items: Sequence[Span],
    key: str,
    key_of: Callable[[str], str | None],
    new: Callable[[str, str], str],
    heading: str = "",
) -> str:
    """Put an item among `items` of the list that a bracket opens; gives the text, unchanged where the key is there.

    `key_of` gives the key of an item's text, None for what has none; `new` the new item's text without
    a comma, of the text of the item that it is to be like, and of its indentation. Below a `heading`, a
    comment, stands the first of them. Raises `Unlike` where no item has a key, or another one differs in
    its case only.
    """
    texts = {item: source.text[item.start : item.end] for item in source.items(opening)}
    if key in map(key_of, texts.values()):
        return source.text
    keyed = [(found, item) for item in items if (found := key_of(texts[item])) is not None]
    if alike := [found for found, _ in keyed if found.casefold() == key.casefold()]:
        raise Unlike(f"it has {alike[0]}, which differs from {key} in its case only")
    if not keyed:
        raise Unlike("its list has no entry to go by")
    before = [item for found, item in keyed if order(found) < order(key)]
    item = before[-1] if before else keyed[0][1]
    text = new(texts[item], source.indent(item.start)).replace("\r\n", "\n").replace("\n", source.newline)
    return _put_after(source, opening, item, text) if before else _put_before(source, opening, item, text, heading)


def _put_after(source: Source, opening: int, item: Span, text: str) -> str:
    if not _has_lines(source, opening, item):
        return source.replaced(item.end, item.end, f", {text}")
    comma = re.match(r"\s*,", source.code[item.end :])
    end = _with_comment(source, item.end + comma.end() if comma else item.end)
    added = f"{source.newline}{source.indent(item.start)}{text}"
    if comma:
        return source.replaced(end, end, f"{added},")
    return source.replaced(item.end, end, f",{source.text[item.end : end]}{added}")


def _put_before(source: Source, opening: int, item: Span, text: str, heading: str) -> str:
    if not _has_lines(source, opening, item):
        return source.replaced(item.start, item.start, f"{text}, ")
    # Comments above an item are about it, unless they are a heading.
    start = source.line(item.start).start
    while start - 1 > opening:
        line = source.line(start - 1)
        comment = source.text[line.start : line.end].strip()
        if not comment or source.code[line.start : line.end].strip() or line.start <= opening:
            break
        if heading and comment.lstrip("/# ").casefold() == heading.casefold():
            break
        start = line.start
    indent = source.indent(item.start)
    return source.replaced(start, start, f"{indent}{text},{source.newline}")


def _with_comment(source: Source, end: int) -> int:
    """The end of a line of which only a comment is left: the comment is about what stands before it."""
    line_end = source.line(end).end
    return end if source.code[end:line_end].strip() else line_end


def _has_lines(source: Source, opening: int, item: Span) -> bool:
    """Whether items stand on lines of their own."""
    line = source.line(item.start)
    return opening < line.start and not source.code[line.start : item.start].strip()


def keys(template: str, anywhere: bool = False) -> Callable[[str], str | None]:
    """The key of items that begin like a template such as ``[Type.KEY]:``, or that hold it."""
    expression = re.compile(pattern(template))
    look = expression.search if anywhere else expression.match

    def key_of(item: str) -> str | None:
        match = look(item)
        return match[1] if match else None

    return key_of


def laid_out(forms: Sequence[str], width: int, indent: str) -> str:
    """The first form whose lines, the comma included, are within `width` columns, else the last one.

    What a form has for a level of indentation becomes a tab where the list is indented by tabs.
    """
    for form in forms:
        first, *rest = form.split("\n")
        if "\t" in indent:
            unit = min((len(line) - len(line.lstrip()) for line in rest if line.startswith(" ")), default=1)
            levels = [(len(line) - len(line.lstrip(" "))) // unit for line in rest]
            rest = ["\t" * level + line.lstrip(" ") for level, line in zip(levels, rest, strict=True)]
        lines = [first, *(indent + line for line in rest)]
        if max(len(indent) + len(first), *map(len, lines[1:]), 0) < width:
            break
    return "\n".join(lines)


def declared(source: Source, name: str, opens: str) -> list[int]:
    """The last bracket of what a name is declared as, at the outermost level: `name: Type = opens`."""
    expression = re.compile(rf"\b{re.escape(name)}\b\s*(?::(?:[^;=]|=>)*?)?=\s*{pattern(opens)}")
    return [match.end() - 1 for match in expression.finditer(source.code) if not source.depth(match.start())]


def around(source: Source, text: str) -> list[int]:
    """The brackets around the places where a text stands, each once."""
    found = []
    for match in re.compile(pattern(text)).finditer(source.code):
        with suppress(Unlike):
            found.append(source.enclosing(match.start()))
    return list(dict.fromkeys(found))


def ending(source: Source, text: str) -> list[int]:
    """The brackets with which the places where a text stands end."""
    return [match.end() - 1 for match in re.compile(pattern(text)).finditer(source.code)]


def the_one(source: Source, openings: Sequence[int], key_of: Callable[[str], str | None], holds: str) -> int:
    """The one list of those that brackets open whose items have keys, and hold a text; raises `Unlike` otherwise."""
    fitting, fault = [], Unlike("its list is not where it is known to be")
    for opening in openings:
        try:
            texts = [source.text[item.start : item.end] for item in source.items(opening)]
        except Unlike as error:
            fault = error
            continue
        keyed = [text for text in texts if key_of(text) is not None]
        if any(holds in text for text in keyed):
            fitting.append(opening)
        else:
            fault = Unlike(f"its entries have no `{holds}`" if keyed else "its list has no entry to go by")
    if len(fitting) > 1:
        raise Unlike("it has several lists that may be meant")
    if not fitting:
        raise fault
    return fitting[0]


def member(source: Source, opening: int, name: str) -> int:
    """The bracket that opens a member of a JSON object. Raises `Unlike` where there is none, or more than one."""
    begins = re.compile(rf'"{re.escape(name)}"\s*:\s*(?=[\[{{])')
    found = [match.end() for item in source.items(opening) if (match := begins.match(source.text, item.start))]
    if len(found) > 1:
        raise Unlike(f"it has {name!r} twice in one object")
    if not found:
        raise Unlike(f"it has no list or object {name!r} where it is known to be")
    return found[0]


def below(source: Source, items: Sequence[Span], heading: str, start: int) -> Sequence[Span]:
    """The items below a line comment, up to the next one; those above all comments, where there is no such comment.

    `start` is where the list begins. All items where that leaves none: headings are for people.
    """
    comments = re.finditer(r"^[ \t]*//[ \t]*(.*?)[ \t]*\r?$", source.text, re.MULTILINE)
    marks = [mark for mark in comments if items and start <= mark.start() < items[-1].start]
    found = next((mark for mark in marks if mark[1].casefold() == heading.casefold()), None)
    first = found.end() if found else start
    last = next((mark.start() for mark in marks if mark.start() > first), len(source.text))
    return [item for item in items if first <= item.start < last] or items


def put_line(source: Source, key: str, line: str, key_of: Callable[[str], str | None], lines: Sequence[Span]) -> str:
    """Put a whole line, such as an import, among others like it; gives the text, unchanged where the key is there."""
    keyed = [(found, span) for span in lines if (found := key_of(source.text[span.start : span.end])) is not None]
    if any(found == key for found, _ in keyed):
        return source.text
    if not keyed:
        raise Unlike(f"it has no line like `{line}`")
    # Imports are sorted as bytes are, by all tools that sort them.
    before = [span for found, span in keyed if found < key]
    if before:
        end = _with_comment(source, before[-1].end)
        return source.replaced(end, end, f"{source.newline}{line}")
    start = keyed[0][1].start
    return source.replaced(start, start, f"{line}{source.newline}")


_IMPORTS = {
    "typescript": re.compile(r"^import\b(?!\s*\()[^;'\"]*(['\"])[^'\"\n]*\1[ \t]*;?", re.MULTILINE),
    "java": re.compile(r"^import\b[^;]*;", re.MULTILINE),
}


def imports(source: Source, holds: str = "") -> Sequence[Span]:
    """The imports that begin a line and hold a text."""
    found = [Span(match.start(), match.end()) for match in _IMPORTS[source.language].finditer(source.code)]
    return [span for span in found if holds in source.text[span.start : span.end]]


def is_imported(source: Source, text: str) -> bool:
    """Whether an import holds a text, which may have other blanks."""
    expression = re.compile(pattern(text))
    return any(expression.search(source.text[span.start : span.end]) for span in imports(source))


def put_case(source: Source, opening: int, key: str, template: str, body: Sequence[str], needs: str) -> str:
    """Put a case into the switch that a bracket opens, made like the case that it follows.

    `template` is as in `keys`; `body` are the statements without their braces, `needs` a text that a
    case has to hold to be one of those meant.
    """
    cases = _cases(source, opening)
    key_of = keys(template)
    keyed = [(found, case) for case in cases if (found := key_of(source.text[case.start : case.end])) is not None]
    if any(key in re.findall(pattern(template), source.text[case.start : case.end]) for _, case in keyed):
        return source.text
    keyed = [(found, case) for found, case in keyed if needs in source.code[case.start : case.end]]
    if not keyed:
        raise Unlike(f"its switch has no case with `{needs}`")
    before = [case for found, case in keyed if order(found) < order(key)]
    like = before[-1] if before else keyed[0][1]
    # What stands above the new case must not fall into it.
    place = cases.index(like) + (1 if before else 0)
    if place and not _ENDED.search(source.code[cases[place - 1].start : cases[place - 1].end]):
        raise Unlike("its switch has a case that goes on into the next one")
    indent, unit = source.indent(like.start), _unit(source, opening, like)
    label = template.replace("KEY", key)
    braces = source.code[like.start : like.end].endswith("}")
    lines = [
        f"{label} {{" if braces else label,
        *(unit + line if line else "" for line in body),
        *(["}"] if braces else []),
    ]
    text = source.newline.join([lines[0], *(indent + line if line else "" for line in lines[1:])])
    following = next((case for case in cases if case.start > like.start), None)
    gap = source.text[like.end : following.start] if following else f"{source.newline}{indent}"
    if gap.strip():
        gap = f"{source.newline}{indent}"
    if before:
        return source.replaced(like.end, like.end, f"{gap}{text}")
    return source.replaced(like.start, like.start, f"{text}{gap}")


_LABEL = re.compile(r"[(\[{]|[)\]}]|(?<![.\w$])(?:case\b(?!\s*:)|default(?=\s*:))")
_ENDED = re.compile(r"\b(?:break|continue|return\b[^;{}]*|throw\b[^;{}]*)\s*;?\s*\}*$")


def _cases(source: Source, opening: int) -> list[Span]:
    """The cases of a switch, `default` too: labels that share their statements are one."""
    end, depth, starts = source.closing(opening), 0, []
    for match in _LABEL.finditer(source.code, opening + 1, end):
        if match[0] in _CLOSING:
            depth += 1
        elif match[0] in _CLOSING.values():
            depth -= 1
        elif not depth:
            starts.append(match.start())
    cases: list[Span] = []
    for start, stop in zip(starts, [*starts[1:], end], strict=True):
        piece = source.code[start:stop]
        if cases and re.fullmatch(r"(?:case|default)\b[^:]*:\s*", source.code[cases[-1].start : start]):
            start = cases.pop().start
            piece = source.code[start:stop]
        cases.append(Span(start, start + len(piece.rstrip())))
    return cases


def _unit(source: Source, opening: int, case: Span) -> str:
    """One level of indentation, as cases have it within their switch."""
    outer, inner = source.indent(opening), source.indent(case.start)
    return inner.removeprefix(outer) or "  "
