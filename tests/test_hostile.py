"""Any answers: they arrive in each file as they were given, and as nothing but text, or they are refused in a line.

2,000 answer sets in CI, always the same ones; `make fuzz` takes 20,000 others. How many were taken and refused is
in the last lines that pytest prints.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from uuid import UUID

import copier
import pytest
from copier.errors import CopierError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from extensions.answers import accepted, name_fault, type_name_fault
from extensions.catalog import Catalog
from extensions.endpoints import fault
from extensions.places import PLACEMENTS
from tasks import validate
from tasks.plan import _names, _typescript
from tests.conftest import ROOT, need
from tests.support import hostile_answers as hostile
from tests.support import systems
from tests.support.carried import CONSTANT, check_files, check_paths
from tests.support.checks import PACKAGE_MODULES, check_style, validate_files
from tests.support.registration import contribution
from tests.support.render import Answers, Interview

SERVICES = tuple(Catalog(ROOT / "catalog").services)
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2000"))
SHARE = -(-EXAMPLES // len(SERVICES))

# The refusal of a question, after what Copier puts before it.
REFUSAL = re.compile(r"Validation error for question '\w+': (give|leave|choose) .*")
# Of a declaration it says first where in it the fault is.
DECLARATION = re.compile(r"Validation error for question '(topology|options)': .*")
# Copier's own, of what is no choice and no number, which show all of the answer.
CHOICE = re.compile(
    r"Invalid choice for '\w+': ((choose|leave) .*|.* is not in \[.*\])|invalid literal for int\(\) with base 10: .*"
)


@cache
def interview(template: Path) -> Interview:
    return Interview(template)


@pytest.mark.parametrize("service_type", SERVICES)
def test_answers_arrive_as_text_or_are_refused_in_a_line(
    service_type: str,
    template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    asked, counted, java = interview(template), Counter[str](), set[str]()
    styled: dict[str, dict[str, str]] = {placement: {} for placement in PLACEMENTS}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(validate, "release", cache(validate.release))
    plain = asked.made(asked.answered({"name": "my_db", "service_type": "database"}))

    @settings(
        max_examples=SHARE,
        derandomize="FUZZ_EXAMPLES" not in os.environ,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(hostile.any_answers(service_type))
    def hold(drawn: tuple[Answers, bool]) -> None:
        given, has_to_be_taken = drawn
        counted["sets"] += 1
        try:
            context = asked.answered(given)
        except (ValueError, CopierError) as refusal:
            counted["refused"] += 1
            assert not has_to_be_taken, refusal
            check_refusal(str(refusal))
            return
        counted["taken"] += 1
        files, answers = asked.made(context), asked.derived(context)
        counted["files"] += len(files)
        java.update(text for path, text in files.items() if path.endswith(".java"))
        styled[answers["placement"]] |= {text: path for path, text in files.items() if path.endswith(".py")}
        check_paths(files)
        check_files(files, answers)
        check_tasks(asked.tasks(context), answers)
        if answers["is_package"]:
            assert {path: files[path] for path in CONSTANT} == {path: plain[path] for path in CONSTANT}
        evidence = [answers["schema_file"], answers["steps_file"], f"{answers['module_dir']}/connection.py"]
        assert validate_files(files, [*evidence, answers["sample_file"], answers["certification_file"]]) == 0

    hold()
    record_property("answer sets", dict(counted))
    assert min(counted["taken"], counted["refused"]) > SHARE // 5
    for placement, texts in styled.items():
        packages = {path.split("/")[1] for path in texts.values() if path.startswith("src/")}
        (folder := tmp_path / placement).mkdir()
        for number, (text, path) in enumerate(texts.items()):
            (folder / f"f{number}_{Path(path).name}").write_text(text, encoding="utf-8")
        check_style(folder, {"package": packages.union(PACKAGE_MODULES), "contrib": {"metadata"}}[placement])
    need(systems.install("java"))
    parse_java(java, tmp_path / "java")


@pytest.mark.parametrize("service_type", SERVICES)
def test_copier_takes_refuses_and_writes_the_same(service_type: str, template: Path, tmp_path: Path) -> None:
    asked = interview(template)

    @settings(max_examples=4, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(hostile.any_answers(service_type), st.uuids())
    def hold(drawn: tuple[Answers, bool], number: UUID) -> None:
        data, destination = drawn[0], tmp_path / number.hex
        try:
            context = asked.answered(data)
        except (ValueError, CopierError) as refusal:
            with pytest.raises(type(refusal), match=f"^{re.escape(str(refusal))}$"):
                copier.run_copy(str(template), destination, data=data, defaults=True, unsafe=True, quiet=True)
            assert not destination.exists()
        else:
            copier.run_copy(str(template), destination, data=data, defaults=True, unsafe=True, quiet=True)
            files = {
                str(path.relative_to(destination)): path.read_bytes().decode()
                for path in destination.rglob("*")
                if path.is_file() and not path.name.endswith(".patch")
            }
            assert files == asked.made(context)

    hold()


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_longest_answers_leave_the_code_formatted(placement: str, template: Path, tmp_path: Path) -> None:
    asked, texts = interview(template), set[str]()
    for answers in everything():
        if answers["placement"] == placement:
            files = asked.made(asked.answered(longest(answers)))
            texts |= {text for path, text in files.items() if path.endswith(".py")}
    for number, text in enumerate(sorted(texts)):
        (tmp_path / f"f{number}.py").write_text(text, encoding="utf-8")
    check_style(
        tmp_path, {"package": {f"openmetadata_{'a' * 30}", *PACKAGE_MODULES}, "contrib": {"metadata"}}[placement]
    )


def longest(answers: Answers) -> Answers:
    """Answers with all others that there are as long as they may be."""
    service = hostile.CATALOG.services[answers["service_type"]]
    resources = service.get("resources", {})
    nouns = [[*facts["nouns"], *facts.get("singles", ())][-1] for facts in resources.values()]
    above = [f"/{'{id}/' * len(facts.get('parents', ()))}" for facts in resources.values()]
    paths = [f"{start}{'a' * (95 - len(start + noun))}/{noun}" for start, noun in zip(above, nouns, strict=True)]
    kept: list[str] = []
    for path in paths:
        if not fault(", ".join([*kept, path]), service, "client", answers["connection_type"]):
            kept.append(path)
    rest = answers["connection_type"] == "rest_api"
    given = {
        "name": "a" * 30,
        "type_name": "A" * 30,
        **({"api_endpoints": ", ".join(kept)} if answers["connection_type"] != "sqlalchemy" else {}),
        "sdk_package": "a" * 60,
        "docker_image": "a" * 250,
        **({"api_prefix": "/" + "a" * 59, "records_path": ".".join(["a" * 9] * 5)} if rest else {}),
        **({"pagination": "cursor", "page_parameter": "a" * 60, "size_parameter": "b" * 60} if rest else {}),
        **({"next_field": ".".join(["a" * 9] * 5)} if rest else {}),
        **({"scheme": "a" * 60} if answers.get("scheme") == "myolap" else {}),
    }
    if not hostile.CHOICES.has_address(answers.get("scheme", "")):
        del given["docker_image"]
    return answers | given


@settings(derandomize=True, database=None, deadline=None)
@given(hostile.lines(100), hostile.REQUIREMENTS)
def test_what_is_registered_reads_back(title: str, requirement: str) -> None:
    """Python reads these strings of TypeScript as TypeScript does: their escapes are those of both."""
    assert ast.literal_eval(_typescript(title)) == title
    names = _names(
        contribution("my_db", display_name=title, requirements=[requirement]),
        {"registration": {}, "service_schema": ""},
    )
    assert ast.literal_eval(f"{{{names['plugin']}}}") == {"mydb": {requirement}}


def test_names_that_would_take_those_of_the_code_are_refused(template: Path) -> None:
    """What begins with the type or the name is held against all that the same module calls otherwise."""
    asked = interview(template)
    taken: dict[str, set[str]] = {"QqZzzz": set(), "QQ_ZZ": set()}
    for answers in everything():
        files = asked.made(asked.answered(answers | {"name": "qq_zz", "type_name": "QqZzzz"}))
        for text in (text for path, text in files.items() if path.endswith(".py")):
            names = set(re.findall(r"\b[A-Za-z_]\w*", text))
            for own, found in taken.items():
                ends = {name.removeprefix(own) for name in names if name.startswith(own)} - {""}
                found |= {
                    name.removesuffix(end)
                    for name in imported(text)
                    for end in ends
                    if name.endswith(end) and name != end and not name.startswith(own)
                }
    assert {name for name in taken["QqZzzz"] if not type_name_fault(name)} == set()
    assert {name for name in taken["QQ_ZZ"] if not name_fault(name.lower())} == set()
    assert taken["QqZzzz"] > {"Base", "AWS"} and taken["QQ_ZZ"] == {"AWS", "NETWORK"}


def everything() -> Iterator[Answers]:
    """Answers with all capabilities and auth types, for each service type, connection type, placement and dialect."""
    choices = hostile.CHOICES
    dialects = {facts["backends"][0]: facts for facts in hostile.CATALOG.dialects.values() if facts["backends"]}
    for service_type, connection_type in product(SERVICES, hostile.CATALOG.connections):
        if connection_type not in accepted(choices.connection_types("connector", service_type)):
            continue
        for scheme in [*dialects, "myolap"] if connection_type == "sqlalchemy" else [""]:
            for placement in accepted(choices.placements("connector", service_type)):
                yield {
                    "service_type": service_type,
                    "connection_type": connection_type,
                    "placement": placement,
                    "auth_types": accepted(choices.auth_types(connection_type, scheme)),
                    "capabilities": accepted(choices.capabilities(service_type, connection_type, scheme)),
                } | ({"scheme": scheme} if scheme else {})


def imported(text: str) -> set[str]:
    """What a module imports."""
    nodes = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return {alias.asname or alias.name for node in nodes for alias in node.names}


def check_refusal(text: str) -> None:
    """It is one line, which says what to give, that a terminal shows as it is."""
    said = REFUSAL.fullmatch(text) or DECLARATION.fullmatch(text)
    assert text.isprintable() and (CHOICE.fullmatch(text) or (len(text) < 600 and said)), text


def check_tasks(commands: list[list[str]], answers: Answers) -> None:
    """Tasks are lists of arguments, each of which an operating system takes, and the title is one of them."""
    for command in commands:
        assert all(len(argument.encode()) < 32_000 and "\0" not in argument for argument in command)
    if not answers["is_package"]:
        assert commands[1][-2] == answers["display_name"]


def parse_java(texts: set[str], into: Path) -> None:
    """Have all of them parsed by Java's own compiler, which gives up before it looks for what they import."""
    files = [into / str(number) / "Converter.java" for number in range(len(texts))]
    for file, text in zip(files, sorted(texts), strict=True):
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    javac = ["javac", "-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC", "-XDshould-stop.ifNoError=PARSE", "-proc:none"]
    done = subprocess.run([*javac, *map(str, files)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
