"""Finds answers again in the files that were made of them, each read in its own language.

Python is read by `ast`, JSON, YAML, TOML and XML by the parsers of each, Markdown as CommonMark with tables. Nothing of
an answer may be more than text there.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from extensions.endpoints import commented
from extensions.naming import camel, one_line
from tests.support.checks import check_mdx

Answers = Mapping[str, Any]
Files = Mapping[str, str]

MARKDOWN = MarkdownIt("commonmark").enable("table")

# Of a package, what no answer is in.
CONSTANT = (".github/workflows/tests.yml", ".github/workflows/template.yml", "renovate.json", ".gitignore")

# The names of files that Windows does not have, whatever their ending.
DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)\d)(\..*)?", re.IGNORECASE)


def check_paths(files: Files) -> None:
    """Every path stays below its root, and is one on Windows and where case does not count, too."""
    for path in files:
        place = PurePosixPath(path)
        assert not place.is_absolute() and re.fullmatch(r"[\w.-]+(/[\w.-]+)*", path, re.ASCII), path
        assert not any(part == ".." or DEVICE.fullmatch(part) or part.endswith(".") for part in place.parts), path
    assert len({path.casefold() for path in files}) == len(files)


@lru_cache(maxsize=4096)
def strings(text: str) -> set[str]:
    """The string constants of a Python text, parsed once while many are the same. Raises SyntaxError."""
    nodes = ast.walk(ast.parse(text))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def check_languages(files: Files) -> None:
    """Each file is one of its language."""
    for path, text in files.items():
        text.encode()
        if path.endswith(".py"):
            strings(text)
        elif path.endswith(".json"):
            json.loads(text)
        elif path.endswith((".yml", ".yaml")):
            list(yaml.load_all(text, Loader=yaml.CSafeLoader))
        elif path.endswith(".toml"):
            tomllib.loads(text)


def check_plugin(files: Files, answers: Answers) -> None:
    """Each file of what is no connector is one of its language, and says what was answered, as it was answered."""
    check_languages(files)
    description = answers["description"]
    assert tomllib.loads(files["pyproject.toml"])["project"]["description"] == description
    (readme, *_), (title, summary, *_) = (
        [block for tag, block in blocks(parsed(files[path])) if tag == "p" or (tag == "h1" and path != "README.md")]
        for path in ("README.md", answers["context_file"])
    )
    assert plainly(readme) == plainly(summary) == one_line(description)
    assert plainly(title).startswith(f"{one_line(answers['display_name'])}: ")
    kept = yaml.load(files[str(answers["_copier_conf"]["answers_file"])], Loader=yaml.CSafeLoader)
    assert kept == dict(answers["_copier_answers"])


def check_files(files: Files, answers: Answers) -> None:
    """Each file of a connector is one of its language, and has in it what was answered, as it was answered."""
    check_languages(files)
    check_schemas(files, answers)
    check_code(files, answers)
    check_workflows(files, answers)
    check_context(files[answers["context_file"]], answers)
    if answers["is_package"]:
        check_project(tomllib.loads(files["pyproject.toml"]), answers)
        check_readme(files["README.md"], answers)
    else:
        (form,) = (text for path, text in files.items() if path.startswith(answers["form_docs_dir"]))
        check_form(form, answers)
        check_page(files[answers["page_file"]], answers)
        title = ElementTree.fromstring(files[answers["icon_file"]])[0].text
        assert title == one_line(answers["display_name"])


def check_schemas(files: Files, answers: Answers) -> None:
    title = answers["display_name"]
    schema = json.loads(files[answers["schema_file"]])
    assert schema["description"] == answers["description"]
    for name, given in (yaml.load(answers["options"], Loader=yaml.CSafeLoader) or {}).items():
        property_ = schema["properties"][camel(name) if "_" in name else name]
        said = {"title": "title", "description": "description", "default": "default", "choices": "enum"}
        assert {key: property_[kept] for key, kept in said.items() if key in given} == {
            key: given[key] for key in said if key in given
        }
    for name in ("username", "hostPort"):
        text = schema["properties"].get(name, {}).get("description", "")
        assert title in text or not re.search(r"\bof\b.*[^\w]", text), text
    steps = json.loads(files[answers["steps_file"]])
    assert steps["displayName"] == f"{title} Test Connection"
    gate = steps["steps"][0]["description"]
    if {*answers["auth_types"]} - {"none"}:
        assert gate.startswith(f"Reach {title} and sign in with the credentials given."), gate
    else:  # a file, such as SQLite's, is opened; some dialects sign in by options of their own
        assert gate.startswith((f"Reach {title}", f"Open {title}.")), gate
    kept = yaml.load(files[str(answers["_copier_conf"]["answers_file"])], Loader=yaml.CSafeLoader)
    assert kept == dict(answers["_copier_answers"])


def check_code(files: Files, answers: Answers) -> None:
    """What was answered of an API, a driver and an image is a string of the code."""
    folder = answers["module_dir"]
    if answers["connection_type"] == "rest_api":
        found = strings(files[f"{folder}/client.py"])
        names = ("api_prefix", "page_parameter", "size_parameter", "next_field", "records_path")
        assert {answers[name] for name in names if answers[name]} <= found
    if answers["docker_image"] and not answers["is_package"]:
        assert answers["docker_image"] in strings(files[f"{answers['integration_dir']}/conftest.py"])


def check_workflows(files: Files, answers: Answers) -> None:
    """The title is in the first comment, and in no more than that."""
    title = one_line(answers["display_name"])
    for path, text in files.items():
        if path.startswith(answers["workflow_dir"]):
            first, rest = text.split("\n", 1)
            assert re.fullmatch(r"# [\w ]+ of (.*?)(, which are in OpenMetadata already)?:", first)[1] == title  # type: ignore[index]
            assert rest.startswith("#   metadata ")
            assert yaml.load(text, Loader=yaml.CSafeLoader)["source"]["serviceName"] == answers["name"]


def check_project(project: Mapping[str, Any], answers: Answers) -> None:
    assert project["project"]["description"] == answers["description"]
    extras = project["project"]["optional-dependencies"]
    assert not answers["sdk_package"] or extras["driver"][0] == answers["sdk_package"]


def check_readme(text: str, answers: Answers) -> None:
    tokens = parsed(text)
    paragraphs = [said for tag, said in blocks(tokens) if tag == "p"]
    assert plainly(paragraphs[0]) == one_line(answers["description"])
    title = one_line(answers["display_name"])
    assert f" connector for {title}: it runs on a stock" in shown(paragraphs[1])
    assert sum(child.type == "link_open" for child in children(paragraphs[1])) == 1
    for cells in rows(tokens):
        assert "{title}" not in shown(cells[-1])
        if shown(cells[0]) == "hostPort":
            assert title in shown(cells[3]) or "host" in shown(cells[3]).lower()


def check_context(text: str, answers: Answers) -> None:
    tokens = parsed(text)
    said = list(blocks(tokens))
    title, summary = said[0], next(block for tag, block in said if tag == "p")
    assert plainly(title[1]) == f"{one_line(answers['display_name'])}: what this connector is, and what is left to do"
    assert plainly(summary) == one_line(answers["description"])
    start = next(at for at, token in enumerate(tokens) if token.content == "Documentation of the source")
    end = next(at for at, token in enumerate(tokens) if token.type == "heading_open" and at > start)
    source = tokens[start:end]
    links = [child for token in source for child in children(token) if child.type == "link_open"]
    assert [link.markup for link in links] == (["autolink"] if answers["docs_url"] else [])
    assert not answers["docs_url"] or f"\n- <{answers['docs_url']}>\n" in text
    notes = re.sub(r"\r\n?", "\n", answers["docs_notes"]).rstrip()
    fences = [token.content for token in source if token.type == "fence"]
    assert fences == ([notes + "\n"] if answers["docs_notes"].strip() else [])
    codes = [child.content for token in source for child in children(token) if child.type == "code_inline"]
    endpoints = [" ".join(whole.split()) for _, whole in commented(answers["api_endpoints"])]
    assert [" ".join(code.split()) for code in codes[: len(endpoints)]] == endpoints
    facts = {shown(cells[0]): shown(cells[1]) for cells in rows(tokens) if len(cells) == 2}
    assert facts["Name"] == answers["name"]
    assert facts.get("Driver or SDK", "") == answers["sdk_package"]


def check_form(text: str, answers: Answers) -> None:
    check_documentation(text, answers)
    assert text.count("\n$$section\n") == text.count("\n$$\n")


def check_page(text: str, answers: Answers) -> None:
    check_mdx(text, "page")
    _, matter, body = text.split("---\n", 2)
    head = yaml.load(matter, Loader=yaml.CSafeLoader)
    assert (head["title"], head["description"]) == (answers["display_name"], answers["description"])
    check_documentation(body, answers)


def check_documentation(text: str, answers: Answers) -> None:
    """What the form's documentation and the page for users have in common."""
    tokens = parsed(text)
    paragraphs = [said for tag, said in blocks(tokens) if tag == "p"]
    assert plainly(paragraphs[0]) == one_line(answers["description"])
    links = [child.attrs["href"] for token in tokens for child in children(token) if child.type == "link_open"]
    url = answers["docs_url"]
    assert [unquote(str(link)) for link in links] == ([unquote(MARKDOWN.normalizeLink(url))] if url else [])


def parsed(text: str) -> list[Token]:
    """The tokens of Markdown, none of which is HTML or a picture."""
    tokens = MARKDOWN.parse(text)
    kinds = {child.type for token in tokens for child in (token, *children(token))}
    assert not kinds & {"html_block", "html_inline", "image", "code_block"}, kinds
    return tokens


def children(token: Token) -> list[Token]:
    return token.children or []


def blocks(tokens: list[Token]) -> Iterator[tuple[str, Token]]:
    """The inline token of each heading, paragraph and cell, with the tag around it."""
    for before, token in pairwise(tokens):
        if token.type == "inline":
            yield before.tag, token


def rows(tokens: list[Token]) -> Iterator[list[Token]]:
    """The cells of each row of each table."""
    cells: list[Token] = []
    for before, token in pairwise(tokens):
        if before.tag in ("td", "th") and token.type == "inline":
            cells.append(token)
        elif token.type == "tr_close":
            yield cells
            cells = []


def shown(inline: Token) -> str:
    """What a reader sees of it."""
    return "".join(" " if child.type == "softbreak" else child.content for child in children(inline))


def plainly(inline: Token) -> str:
    """What a reader sees of text in which nothing is marked up."""
    assert {child.type for child in children(inline)} <= {"text"}, [child.type for child in children(inline)]
    return shown(inline)
