"""Writes the pages of `docs/reference/` from the template itself: questions, outputs, and one per capability
and service type.

    python docs/reference.py            write them all
    python docs/reference.py --check    write nothing; exit 1 and name the file that is stale

The questions come from copier.yml, what is refused from the sentences in
extensions/answers.py, the tables from catalog/, and the files from rendering the
template for each placement. Nothing of that stands here a second time. What is here:
the order of the page, and a line about each emitted file that says nothing of itself.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import copier
import yaml
from jinja2 import Environment

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.dont_write_bytecode = True

from docs import maps, schemas  # noqa: E402
from docs.pictures import picture  # noqa: E402
from extensions import answers, naming  # noqa: E402
from extensions.catalog import Catalog  # noqa: E402
from extensions.places import PLACEMENTS  # noqa: E402

PAGES = ROOT / "docs" / "reference"

# What Copier renders from; the rest of the repository has no part in it.
TEMPLATE = ("copier.yml", "questions", "catalog", "extensions", "partials", "tasks", "template")

# The answers that the pages show examples of.
NAME = {"name": "my_db", "service_type": "database"}
SCHEME = "postgresql+psycopg2"

# Emitted files that neither CONNECTOR_CONTEXT.md nor a docstring of their own describes.
ANSWERS_FILE = "The answers, and the version of the template: `copier update` starts from it. Not to be edited."
OTHER_FILES = {
    ".copier-answers.yml": ANSWERS_FILE,
    ".copier-answers.my_db.yml": ANSWERS_FILE,
    ".dockerignore": "What stays out of the image: all but the wheel.",
    ".gitignore": "What Git leaves out.",
    "CONNECTOR_CONTEXT.md": "What this connector is, what each file is for, what is left to do.",
    "README.md": "For the users of the connector: how to run it, its options, what the source has to allow.",
    "certification.yaml": "What has to be shown before the connector is called certified.",
    "certification.schema.json": "What each key of `certification.yaml` means.",
    "report.schema.json": "What each key of the report means, which `python -m certification` writes.",
    "records.json": "What the stand-in for the source answers with, in the tests.",
    "arrivals.json": "What has to arrive of these records in OpenMetadata, field by field.",
    "my_db_records.json": "What the stand-in for the source answers with, in the tests.",
    "connection.json": "A connection that the task after rendering checks against the schema.",
}

Facts = dict[str, Any]

# What the questions of a file are about, where it is not what is made itself.
TOPICS = {
    "kind": "What it is",
    "connector": "Its service",
    "names": "What people read",
    "connection": "The connection",
    "access": "Signing in",
    "api": "The API",
    "capabilities": "What is read",
    "documentation": "The source",
}


# ---- Sentences out of the source ---------------------------------------------------


def sentences(function: Any, known: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """The refusals that a function of answers.py can give, in order, with <placeholders>.

    Those of the functions whose fault it passes on are among them. `known` are texts for its parameters.
    """
    tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(function)))
    local = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    local |= {node.target.id: node.value for node in ast.walk(tree) if isinstance(node, ast.NamedExpr)}
    found: list[str] = []

    def add(*texts: str) -> None:
        found.extend(text for text in texts if text and text not in found)

    def collect(value: ast.expr | None, everything: bool) -> None:
        """Take the texts of a value; only f-strings where `everything` is false."""
        if isinstance(value, ast.IfExp):
            collect(value.body, True)
            collect(value.orelse, True)
        elif isinstance(value, ast.Name) and value.id in local:
            collect(local[value.id], everything)
        elif isinstance(value, ast.BoolOp):
            for part in value.values:
                collect(part, everything)
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id.endswith("_fault"):
            other = getattr(answers, value.func.id)
            texts = [_shown(argument, known) for argument in value.args]
            add(*sentences(other, dict(zip(inspect.signature(other).parameters, texts, strict=False))))
        elif isinstance(value, ast.JoinedStr) or (everything and isinstance(value, ast.Constant)):
            add(_text(value, known))

    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.expr)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(node, ast.Return) or (
            isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "fault"
        ):
            collect(node.value, True)
        elif isinstance(node, ast.Tuple):
            for element in node.elts:
                if isinstance(element, ast.IfExp):
                    collect(element, True)
    return found


def _text(value: ast.expr, known: Mapping[str, str]) -> str:
    if isinstance(value, ast.Constant):
        return str(value.value)
    assert isinstance(value, ast.JoinedStr)
    parts = []
    for part in value.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        elif isinstance(part, ast.FormattedValue):
            quoted = part.conversion == ord("r") or ast.unparse(part.value).startswith("_cut(")
            shown = _shown(part.value, known)
            parts.append(f"'{shown}'" if quoted else shown)
    return "".join(parts)


def _shown(value: ast.expr, known: Mapping[str, str]) -> str:
    """What stands for a value: what is `known` of a parameter, a constant of answers.py itself, else its name."""
    if isinstance(value, ast.Constant):
        return str(value.value)
    if isinstance(value, ast.Name):
        constant = getattr(answers, value.id, None)
        return str(constant) if isinstance(constant, int) else known.get(value.id, f"<{value.id}>")
    if isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name):
        return f"<{value.value.id}>"
    names = [node.id for node in ast.walk(value) if isinstance(node, ast.Name)]
    return known.get(names[-1], f"<{names[-1]}>")


def summary(function: Any) -> str:
    """The first paragraph of a docstring as a phrase; empty where there is none."""
    text = inspect.getdoc(function) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("``", "`").rstrip(".")


# ---- questions.md ------------------------------------------------------------------


def topics() -> dict[str, Facts]:
    """The questions of each file that copier.yml includes, by its name, in the order in which they are asked."""
    files = re.findall(r"^!include (\S+)$", (ROOT / "copier.yml").read_text(encoding="utf-8"), re.MULTILINE)
    return {Path(file).stem: yaml.safe_load((ROOT / file).read_text(encoding="utf-8")) for file in files}


def questions() -> Facts:
    """All questions, in the order in which they are asked."""
    return {name: facts for topic in topics().values() for name, facts in topic.items()}


def explained(expression: str, choices: answers.Choices) -> list[str]:
    """What the docstrings say of the functions and filters in a Jinja expression."""
    functions = [getattr(choices, name) for name in re.findall(r"choices\.(\w+)\(", expression)]
    functions += [getattr(naming, name) for name in re.findall(r"\|\s*(\w+)", expression) if hasattr(naming, name)]
    return [text for text in dict.fromkeys(map(summary, functions)) if text]


def bare(expression: object) -> str:
    """A Jinja expression without its braces, on one line."""
    text = " ".join(str(expression).split())
    return re.sub(r"^\{\{\s*(.*?)\s*\}\}$", r"\1", text)


def code(text: object) -> str:
    return naming.code_span(text)


def question(name: str, facts: Facts, catalog: Catalog) -> Iterator[str]:
    choices = answers.Choices(catalog)
    yield f"### `{name}`"
    yield ""
    yield f"{facts['help']}"
    yield ""
    yield f"- **Type**: {kind_of(facts)}"
    yield f"- **Default**: {default(facts, choices)}"
    when = re.sub(r"kind == '\w+'( and )?", "", facts.get("when", ""))
    if bare(when) not in ("", "{{ }}"):
        notes = explained(when, choices)
        yield f"- **Asked when**: {code(bare(when))}" + (f" ({'; '.join(notes)})" if notes else "")
    refused = []
    if validator := facts.get("validator"):
        for fault, number in re.findall(r"\|\s*(\w+_fault)(?:\((\d+)\))?", validator):
            if not (function := getattr(answers, fault, None)):
                continue  # of a module of its own, whose page has what it refuses
            *_, last = inspect.signature(function).parameters
            refused += sentences(function, {last: number} if number else {})
    given = facts.get("choices")
    if given:
        method = re.search(r"choices\.(\w+)\((.*)\)", given)
        assert method is not None
        yield "- **Choices**:"
        for value, title in listed(getattr(choices, method[1]), method[2]):
            yield f"    - {code(value)}: {title}"
        refused += sentences(getattr(choices, method[1]))
    if refused:
        yield "- **Refused with**:"
        for text in refused:
            yield f"    - {code(text)}"
    yield ""


def kind_of(facts: Facts) -> str:
    if "choices" in facts:
        return "any of the choices" if facts.get("multiselect") else "one of the choices"
    lines = ", of several lines" if facts.get("multiline") else ""
    return {"str": "text", "int": "a number"}[facts["type"]] + lines


def listed(function: Callable[..., str], arguments: str) -> list[tuple[str, str]]:
    """The choices that a method of `Choices` gives for the arguments of a question, with their titles."""
    known = {"kind": "connector", "service_type": "database", "connection_type": "sqlalchemy", "scheme": SCHEME}
    given = [known.get(argument, argument.strip("'")) for argument in arguments.split(", ") if argument]
    return [(item["value"], label.split("  ", 1)[1].strip()) for label, item in json.loads(function(*given))]


def default(facts: Facts, choices: answers.Choices) -> str:
    if "default" not in facts or "UNSET" in str(facts["default"]):
        return "none; it has to be answered"
    value = facts["default"]
    if "{{" not in str(value):
        return "empty" if value in ("", "null") else code(value)
    notes = explained(value, choices)
    return "; ".join([*notes, code(bare(value))])


def table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    header = list(header)
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"
    yield ""


def questions_page(catalog: Catalog) -> Iterator[str]:
    yield "# Questions"
    yield ""
    yield "Each question in the order in which it is asked. Any of them can be answered beforehand: with"
    yield "`-d name=value`, or in a YAML file given with `--data-file`. With `--defaults` the rest take their default."
    yield "An answer that does not fit is refused, with the sentence shown here: `<…>` stands for what was given,"
    yield "or for what the catalog knows."
    yield "A condition or a default in `code` is a Jinja expression over the answers before it."
    yield ""
    for topic, asked in topics().items():
        nouns = [facts["noun"] for facts in catalog.kinds.values() if topic in facts["questions"]]
        of_all = len(nouns) == len(catalog.kinds)
        yield f"## {TOPICS.get(topic) or 'The ' + nouns[0]}" + ("" if of_all else f" ({', '.join(nouns)})")
        yield ""
        for name, facts in asked.items():
            yield from question(name, facts, catalog)
    yield from service_tables(catalog)
    yield from auth_tables(catalog)
    yield from capability_table(catalog)
    yield from dialect_tables(catalog)


def service_tables(catalog: Catalog) -> Iterator[str]:
    yield "## Service types"
    yield ""
    yield from table(
        ["Service type", *map(code, catalog.connections), "Default", "Placements"],
        (
            [
                f"[`{name}`](services/{name}.md)",
                *(
                    "yes" if column["family"] in facts["connections"] else "-"
                    for column in catalog.connections.values()
                ),
                code(facts["default_connection"]),
                ", ".join(map(code, placements_of(facts))),
            ]
            for name, facts in catalog.services.items()
        ),
    )


def placements_of(service: Facts) -> list[str]:
    """Where a connector of a service type can live."""
    return [name for name in PLACEMENTS if name == "contrib" or "custom" in service]


def auth_tables(catalog: Catalog) -> Iterator[str]:
    yield "## Auth types"
    yield ""
    yield from table(
        ["Auth type", "Over", "Signs in with"],
        (
            [code(name), ", ".join(map(code, over)), title]
            for name, facts in catalog.auth.items()
            for title, over in titles(name, facts["connections"], catalog).items()
        ),
    )
    yield "Options that each takes in a package, under `connectionOptions`:"
    yield ""
    rows = []
    for name, facts in catalog.auth.items():
        for connection in facts["connections"]:
            if connection != "sdk_client":  # it takes what rest_api takes
                for option, details in catalog.sign_in(name, connection)["options"].items():
                    marks = [mark for mark in ("required", "secret") if details.get(mark)]
                    over = code(connection) + (", `sdk_client`" if connection == "rest_api" else "")
                    rows.append([code(name), over, code(option), ", ".join(marks), details["description"]])
    yield from table(["Auth type", "Over", "Option", "", "Meaning"], rows)


def titles(name: str, connections: Iterable[str], catalog: Catalog) -> dict[str, list[str]]:
    """The connection types of an auth type, by what it is called over them."""
    found: dict[str, list[str]] = {}
    for connection in connections:
        found.setdefault(catalog.sign_in(name, connection)["title"], []).append(connection)
    return found


def capability_table(catalog: Catalog) -> Iterator[str]:
    yield "## Capabilities"
    yield ""
    yield "Which service types can have which; *default* ones are chosen where nothing is answered. `database` means"
    yield "SQLAlchemy, `database (client)` for APIs and SDKs."
    yield ""
    kinds = [
        (name if family == "sqlalchemy" or len(facts["connections"]) == 1 else f"{name} ({family})", name, family)
        for name, facts in catalog.services.items()
        for family in facts["connections"]
    ]
    over = {facts["family"]: name for name, facts in catalog.connections.items()}
    rows = []
    for name in catalog.capabilities:
        cells = [catalog.capability(name, service, over[family]) for _, service, family in kinds]
        marks = ["-" if cell is None else "default" if cell.get("default") else "yes" for cell in cells]
        rows.append([f"[`{name}`](capabilities/{name}.md)", *marks])
    yield from table(["Capability", *(code(title) for title, _, _ in kinds)], rows)


def dialect_tables(catalog: Catalog) -> Iterator[str]:
    yield "## Dialects"
    yield ""
    yield "A scheme belongs to the dialect that lists the part before its `+`, and to `generic` where none does."
    yield "A connector with one of the names gets the dialect's scheme as the default."
    yield ""
    for key, facts in catalog.dialects.items():
        yield f"### {facts['title'] if facts['backends'] else 'Any other'}"
        yield ""
        log = facts.get("query_log")
        rows = [
            ("File", code(f"catalog/dialects/{key}.yml")),
            ("Schemes", ", ".join(code(f"{name}+…") for name in facts["backends"]) or "every other"),
            ("Default scheme", code(facts["scheme"]) if "scheme" in facts else "-"),
            ("Names", ", ".join(map(code, facts.get("names", ()))) or "-"),
            ("Default port", facts.get("port", "-")),
            ("Namespace", code(facts["namespace"]) + " only" if "namespace" in facts else "either"),
            ("Signs in", facts.get("login", "no") if "login" in facts.get("drop_parts", ()) else "yes"),
            ("Drivers", "<br>".join(driver_rows(facts)) or "to be given as `sdk_package`"),
            (
                "Query log",
                "none" if log is None else code(log["table"]) if log["table"] else "`queryHistoryTable`, no default",
            ),
            ("Stored procedures", "yes" if "stored_procedures" in facts["statements"] else "no"),
        ]
        yield from table(["", ""], rows)


def driver_rows(facts: Facts) -> Iterator[str]:
    for driver, known in facts.get("drivers", {}).items():
        needed = [known["requirement"], *known.get("besides", ())] if "requirement" in known else []
        yield f"`+{driver}`: " + (", ".join(map(code, needed)) or "nothing to install")


# ---- outputs.md --------------------------------------------------------------------


def outputs_page(catalog: Catalog) -> Iterator[str]:
    yield "# Files that are written"
    yield ""
    yield "Every file, for the name `my_db` with the type `MyDb` and the service type `database`. The list is made by"
    yield "rendering: once with the smallest answers, and once for each capability, auth type and dialect."
    yield ""
    with tempfile.TemporaryDirectory() as scratch:
        template = copy_of_template(Path(scratch) / "template")
        for placement in PLACEMENTS:
            yield f"## `{placement}`"
            yield ""
            yield from placement_tables(placement, catalog, template, Path(scratch) / placement)


def copy_of_template(into: Path) -> Path:
    """What Copier renders from, away from Git, so that it is taken as it is on disk."""
    into.mkdir()
    for name in TEMPLATE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, into / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, into / name)
    return into


def placement_tables(placement: str, catalog: Catalog, template: Path, scratch: Path) -> Iterator[str]:
    counter = iter(range(1000))

    def render(**given: Any) -> Path:
        into = scratch / str(next(counter))
        data = NAME | {"placement": placement, "scheme": SCHEME} | given
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            copier.run_copy(str(template), into, data=data, defaults=True, unsafe=True, quiet=True, skip_tasks=True)
        return into

    def files(folder: Path) -> set[str]:
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    choices = answers.Choices(catalog)
    capabilities = answers.accepted(choices.capabilities(NAME["service_type"], "sqlalchemy", SCHEME))
    auth_types = answers.accepted(choices.auth_types("sqlalchemy", SCHEME))
    everything = render(capabilities=capabilities, auth_types=auth_types)
    base = files(render())
    conditions: dict[str, list[str]] = {file: [] for file in base}
    for name in capabilities:
        for file in files(render(capabilities=["metadata", name])) - base:
            conditions.setdefault(file, []).append(f"`{name}` in `capabilities`")
    for name in auth_types:
        for file in files(render(auth_types=[name])) ^ base:
            conditions.setdefault(file, []).append(f"`{name}` in `auth_types`")
    for facts in catalog.dialects.values():
        if "scheme" in facts:
            for file in files(render(scheme=facts["scheme"])) ^ base:
                conditions.setdefault(file, []).append(f"`scheme` is {'not ' * (file in base)}{facts['scheme']}")
    if missing := files(everything) ^ set(conditions):
        raise SystemExit(f"docs/reference.py: {placement}: no single answer explains {', '.join(sorted(missing))}")
    known = context_table(everything)
    groups: dict[str, list[str]] = {}
    for file in sorted(conditions):
        groups.setdefault(str(Path(file).parent), []).append(file)

    def there(file: str) -> str:
        joined = (" and " if file in base else " or ").join(conditions[file])
        return joined.replace("` in `capabilities` or `", "` or `") or "always"

    for folder, members in groups.items():
        yield f"**{'At the root' if folder == '.' else code(folder + '/')}**"
        yield ""
        yield from table(
            ["File", "There", "What it is"],
            (
                [
                    code(Path(file).name),
                    there(file),
                    described(file, everything, known),
                ]
                for file in members
            ),
        )


def context_table(folder: Path) -> dict[str, str]:
    """What CONNECTOR_CONTEXT.md says of each file."""
    (context,) = folder.rglob("CONNECTOR_CONTEXT.md")
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \| .+ \|$", context.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(rows)


def described(file: str, folder: Path, known: dict[str, str]) -> str:
    if file in known:
        return known[file] + "."
    name = Path(file).name
    if name in OTHER_FILES:
        return OTHER_FILES[name]
    if name.endswith(".py"):
        source = (folder / file).read_text(encoding="utf-8")
        if not source.strip():
            return "Empty: makes the folder a package."
        if text := ast.get_docstring(ast.parse(source)):
            return text.splitlines()[0]
    raise SystemExit(f"docs/reference.py: nothing says what {file} is: add it to OTHER_FILES")


# ---- capabilities/*.md -------------------------------------------------------------


def capability_page(name: str, catalog: Catalog) -> Iterator[str]:
    facts = catalog.capabilities[name]
    yield f"# {name}"
    yield ""
    yield f"{sentence(facts['title'])}"
    yield ""
    for entry in facts["entries"]:
        yield from capability_entry(name, facts["title"], entry, catalog)


def arriving(entry: Facts, catalog: Catalog) -> Iterator[str]:
    """What arrives by a capability, alone and with others, and what people have to know who choose it."""
    yield entry["arrives"]
    for other, said in entry.get("with", {}).items():
        text = said
        if not isinstance(said, str):
            logs = {facts["title"]: facts.get("query_log", {}) for facts in catalog.dialects.values()}
            knowing = naming.enumeration([title for title, log in logs.items() if said["log"] in log])
            text = f"{said['text'].rstrip('.')}, by the log of {knowing}."
        yield f"With {code(other)}: {text[0].lower()}{text[1:]}"
    yield from filter(None, [entry.get("note")])


def capability_entry(name: str, title: str, entry: Facts, catalog: Catalog) -> Iterator[str]:
    """What a capability is for some service types: what it asks of the source, what arrives, what it adds."""
    services = entry.get("services", list(catalog.services))
    family = entry.get("family")
    over = [code(key) for key, facts in catalog.connections.items() if family in (None, facts["family"])]
    yield f"## {', '.join(services)}"
    yield ""
    if entry.get("title", title) != title:
        yield sentence(entry["title"])
        yield ""
    rows = [
        ("Over", ", ".join(over)),
        ("Chosen", "unless something else is answered" if entry.get("default") else "when it is asked for"),
        ("The source has to have", entry["asks"]),
        ("What arrives", " ".join(arriving(entry, catalog))),
    ]
    if needs := entry.get("needs"):
        known = [facts for facts in catalog.dialects.values() if needs in facts or needs in facts["statements"]]
        having = [facts["title"] for facts in known if facts["backends"]]
        for facts in known:
            if not facts["backends"]:
                having += [code(name) for name in facts.get(needs, {}).get("backends", ())] or ["any other"]
        rows.append(("Dialects with a log" if entry.get("optional") else "Dialects", ", ".join(having)))
    if steps := entry.get("steps"):
        rows.append(("Test connection", ", ".join(map(code, steps))))
    if flags := entry.get("flags"):
        rows.append(("Flags in the schema", ", ".join(map(code, flags))))
    if settings := entry.get("settings"):
        rows.append(
            (
                "In the metadata workflow",
                "<br>".join(code(f"{key}: {json.dumps(value)}") for key, value in settings.items()),
            )
        )
    if workflow := entry.get("workflow"):
        command = code(f"metadata {workflow['command']} -c workflows/{name}.yaml")
        rows.append(("Workflow", f"{command}: {workflow['purpose'][0].lower()}{workflow['purpose'][1:]}"))
    yield from table(["", ""], rows)


def sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


# ---- services/*.md -----------------------------------------------------------------


def service_page(name: str, catalog: Catalog) -> Iterator[str]:
    facts = catalog.services[name]
    placements = placements_of(facts)
    yield f"# {facts['title']} services"
    yield ""
    yield f"A connector of this kind reads {', '.join(facts['entities'])}."
    yield ""
    rows: list[tuple[str, str]] = []
    for family, here in facts["connections"].items():
        over = [code(key) for key, connection in catalog.connections.items() if connection["family"] == family]
        base = f"{code(here['base_class'])} of {code(here['base_module'])}"
        rows.append((f"Over {' and '.join(over)}", f"{base}; reference connector {code(here['reference_connector'])}"))
    rows.append(("Placements", ", ".join(map(code, placements))))
    if "custom" in facts:
        rows.append(("A package runs as", code(facts["custom"])))
    yield from table(["", ""], rows)
    if "client" in facts["connections"]:
        yield from client_sections(name, facts, catalog)
    if "sqlalchemy" in facts["connections"]:
        yield "## Over SQLAlchemy"
        yield ""
        yield "Schemes, namespaces, logs and drivers are on the page of the [questions](../questions.md#dialects);"
        yield "the files are on [that of the files](../outputs.md)."
        yield ""


def client_sections(name: str, facts: Facts, catalog: Catalog) -> Iterator[str]:
    yield "## What is read, and from where"
    yield ""
    yield "An endpoint of `api_endpoints` belongs to the resource whose noun it ends with. Without one, the usual path"
    yield "is asked; an API may lack what is optional."
    yield ""
    rows = []
    for resource, details in facts["resources"].items():
        path = code(details["path"]) + (" (optional)" if details.get("optional") else "")
        made = code(details["request"]) if "request" in details else f"part of {code(details['parents'][-1])}"
        made += f"<br>filter {code(details['filter'])}" if "filter" in details else ""
        rows.append([resource.replace("_", " "), ", ".join(details["nouns"]), path, made])
    yield from table(["Resource", "Nouns", "Usual path", "Becomes"], rows)
    yield "## What the test of a connection checks"
    yield ""
    rows = []
    for step in facts["connections"]["client"]["steps"]:
        about = facts["steps"][step]
        what = about["description"].format(title="the source")
        rows.append([code(step), what, "mandatory" if about["mandatory"] else ""])
    yield from table(["Step", "What it does", ""], rows)
    yield "## Questions that matter"
    yield ""
    for asked in ("api", "api_endpoints", "api_prefix", "pagination", "records_path", "auth_types", "sdk_package"):
        text = " ".join(questions()[asked]["help"].split("{")[0].split())
        yield f"- [`{asked}`](../questions.md#{asked}): {text}"
    yield ""
    anchor = facts["title"].lower().replace(" ", "-")
    yield f"What a map can say of the records is in the [table of fields](../api-map.md#{anchor})."
    yield ""
    yield "## Files, and what to edit in them"
    yield ""
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        template = copy_of_template(Path(scratch) / "template")
        for connection in ("rest_api", "sdk_client"):
            into = Path(scratch) / connection
            data = {"name": "my_source", "service_type": name, "connection_type": connection}
            copier.run_copy(str(template), into, data=data, defaults=True, unsafe=True, quiet=True, skip_tasks=True)
            (context,) = into.rglob("CONNECTOR_CONTEXT.md")
            yield f"With `connection_type` `{connection}`:"
            yield ""
            section = context.read_text(encoding="utf-8").partition("## The files, and what is left to do in each")[2]
            yield from (line for line in section.partition("Everything else works")[0].strip().splitlines())
            yield ""


# ---- edits.md ----------------------------------------------------------------------

# The examples that tests run against a real system.
REAL = {"rabbitmq": "RabbitMQ", "mlflow": "MLflow", "s3": "S3"}


def edits_page(catalog: Catalog) -> Iterator[str]:
    yield "# Edits by hand"
    yield ""
    yield "What has to be edited after scaffolding, before the connector ingests the real system. The tests scaffold"
    yield "the example, apply `tests/edits/EXAMPLE.patch` where there is one, and compare what arrives with the system."
    yield ""
    rows = []
    for example, title in REAL.items():
        answers_ = yaml.safe_load((ROOT / f"examples/{example}.yml").read_text(encoding="utf-8"))
        patch = ROOT / f"tests/edits/{example}.patch"
        text = patch.read_text(encoding="utf-8") if patch.is_file() else ""
        added, removed = (len(re.findall(rf"^[{sign}](?![{sign}]{{2}})", text, re.MULTILINE)) for sign in "+-")
        kind = f"{answers_['service_type']} over {code(answers_['connection_type'])}"
        rows.append([title, kind, code(f"examples/{example}.yml"), added, removed])
    yield from table(["System", "Connector", "Answers", "Lines added", "Lines removed"], rows)


# ---- api-map.md --------------------------------------------------------------------


def map_page(catalog: Catalog) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as scratch:
        yield from maps.page(catalog, copy_of_template(Path(scratch) / "template"), ROOT)


# ---- All ---------------------------------------------------------------------------


def compile_once() -> None:
    """Keep compiled sources for this process: all its scaffolds are of one state of the template."""
    kept: dict[Any, Any] = {}
    compile_anew: Any = Environment.compile

    def compile_kept(
        environment: Environment, source: Any, name: Any = None, filename: Any = None, **options: Any
    ) -> Any:
        key = source, name, filename, *options.items()
        if key not in kept:
            kept[key] = compile_anew(environment, source, name, filename, **options)
        return kept[key]

    Environment.compile = compile_kept  # type: ignore[method-assign]


def main(arguments: list[str]) -> int:
    compile_once()
    catalog = Catalog(ROOT / "catalog")
    pages: dict[str, Callable[[Catalog], Iterable[str]]] = {"questions.md": questions_page, "outputs.md": outputs_page}
    pages["edits.md"] = edits_page
    pages["api-map.md"] = map_page
    pages |= {f"capabilities/{name}.md": partial(capability_page, name) for name in catalog.capabilities}
    pages |= {f"services/{name}.md": partial(service_page, name) for name in catalog.services}
    written = "<!-- Written by docs/reference.py: edit that, or what it reads. -->"
    texts = {PAGES / name: "\n".join([written, "", *page(catalog)]) for name, page in pages.items()}
    beside = [name for name in catalog.kinds if name != "connector"]
    texts |= {ROOT / f"docs/assets/kinds-{kind}.svg": "\n".join(picture(kind)) for kind in beside}
    texts |= {
        ROOT / f"docs/{name}": json.dumps(schema, indent=2) for name, schema in schemas.both(catalog, ROOT).items()
    }
    for file, contents in texts.items():
        text = contents.rstrip("\n") + "\n"
        if "--check" not in arguments:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        elif not file.is_file() or file.read_text(encoding="utf-8") != text:
            print(f"{file.relative_to(ROOT).as_posix()} is stale: run python docs/reference.py", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
