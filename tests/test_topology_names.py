"""What is declared may be called anything: its names hide nothing that emitted code calls, or are refused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from extensions import topology_names
from tests.conftest import NIGHTLY
from tests.support.checks import PACKAGE_MODULES, check_texts
from tests.support.render import Interview

# Each name begins with two letters that no emitted word begins with.
MARK = "zz"
DECLARED = """
producers:
  zz_sites: GET /sites
  zz_parts: [{name: default}]
  zz_groups: GET /sites/{zz_site.id}
  zz_tables: {reads: "GET /t/{zz_site.id}/{zz_group_in}", where: {kind: one}}
  zz_edges: GET /sites/{zz_site}/edges
nodes:
  root: {children: [zz_site], post_process: [deletion]}
  zz_site:
    producer: zz_sites
    threads: 2
    stages: [{type: Database}]
    children: [zz_part]
  zz_part:
    producer: zz_parts
    stages: [{type: DatabaseSchema}]
    children: [zz_group]
  zz_group:
    producer: zz_groups
    stages: [{context: zz_group_in}]
    children: [zz_table]
    post_process: [zz_lineage]
  zz_table:
    producer: zz_tables
    stages: [{type: Table}]
post_process:
  zz_lineage:
    producer: zz_edges
    from: {context: zz_table, field: source}
    to: {context: zz_table, field: target}
"""


def words(tree: ast.AST) -> set[str]:
    """All names and parameters in a piece of code."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return found | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}


def scopes(tree: ast.AST) -> Iterator[set[str]]:
    """The names in each function, and in each class without its functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield words(node)
        elif isinstance(node, ast.ClassDef):
            yield set().union(*(words(part) for part in node.body if not isinstance(part, ast.FunctionDef)))
            yield {part.name for part in node.body if isinstance(part, ast.FunctionDef)}


def is_refused(name: str) -> bool:
    return topology_names.is_taken(name) or not topology_names._NAME.fullmatch(name)


@pytest.mark.parametrize(
    "pagination", ["cursor", *(pytest.param(one, marks=NIGHTLY) for one in ("none", "page", "offset", "link_header"))]
)
def test_no_name_hides_what_emitted_code_calls(pagination: str, template: Path) -> None:
    answers = {"kind": "topology", "name": "odd", "service_type": "database", "pagination": pagination}
    interview = Interview(template)
    beside: set[str] = set()
    for path, text in interview.made(interview.answered(answers | {"topology": DECLARED})).items():
        if path.endswith(".py"):
            tree = ast.parse(text)
            for names in scopes(tree):
                if any(name.startswith(MARK) for name in names):
                    beside |= {name for name in names if not name.startswith(MARK)}
            # A context gives its name to the model of its records.
            models = {name.removesuffix("Record") for name in words(tree) if name.endswith("Record")}
            beside |= {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() for name in models if name[:2] != "Zz"}
    assert {"part", "having", "islice", "iter", "self", "source"} <= beside
    possible = {name for name in beside if topology_names._NAME.fullmatch(name)}
    assert {name for name in possible if not is_refused(name) and topology_names.variable(name) == name} == set()


def test_variables_of_names_that_would_clash_are_told_apart(template: Path) -> None:
    """No name ends as these variables do, so that two can't be one."""
    assert [topology_names.variable(name) for name in ("list", "found", "table")] == ["list_", "found_", "table"]
    assert is_refused("list_")


@pytest.mark.parametrize("pagination", ["offset", *(pytest.param(one, marks=NIGHTLY) for one in ("none", "cursor"))])
def test_longest_names_leave_emitted_code_formatted(pagination: str, template: Path, tmp_path: Path) -> None:
    declared = DECLARED.replace("zz_site.id", f"zz_site.{'f' * 20}")
    for number, name in enumerate(sorted(set(re.findall(r"zz_\w+", DECLARED)), key=len, reverse=True)):
        declared = re.sub(rf"\b{name}\b", f"{chr(97 + number)}_".ljust(topology_names.MAX_NAME, "w"), declared)
    answers = {"kind": "topology", "name": "n" * 30, "service_type": "database", "pagination": pagination}
    interview = Interview(template)
    made = interview.made(interview.answered(answers | {"topology": declared}))
    modules = {f"openmetadata_{'n' * 30}", *PACKAGE_MODULES}
    check_texts({text: path for path, text in made.items()}, tmp_path / "texts", modules)
