"""What a contribution tells people: the form's documentation, the icon and the page for users."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from extensions import naming
from extensions.answers import Choices, accepted
from extensions.catalog import Catalog
from extensions.documentation import Documentation, icon_colour
from tests.conftest import ROOT
from tests.support.checks import check_mdx, without_code
from tests.support.render import EMPTY, Answers, Renderer
from tests.test_matrix import AUTH_SETS, AUTH_TYPES
from tests.test_matrix_clients import capabilities, combinations

CATALOG = Catalog(ROOT / "catalog")
TARGETS = {target["pointer"]: target["shape"] for target in CATALOG.release["targets"].values()}

SCHEMA = "{{only.connector}}/{{schema_file}}.jinja"
FORM = "{{only.connector}}/{{only.contrib}}/{{form_docs_dir}}/{{connector.service.docs.form}}/{{type_name}}.md.jinja"
OWN_SCHEMAS = {
    name: f"{{{{only.connector}}}}/{{{{connector.definition_file('{name}')}}}}.jinja"
    for name, facts in CATALOG.auth.items()
    if any("definition" in here for here in facts["connections"].values())
}
ICON = "{{only.connector}}/{{only.contrib}}/{{icon_file}}.jinja"
README = "{{only.connector}}/{{only.package}}/README.md.jinja"
PAGE = "{{only.connector}}/{{only.contrib}}/{{page_file}}.jinja"

Facts = dict[str, Any]

SERVICES = pytest.mark.parametrize("service_type", CATALOG.services)

SQL = EMPTY | {
    "placement": "contrib",
    "scheme": "myolap+pyodbc",
    "default_port": "10000",
    "namespace": "database.schema.table",
}
EVERYTHING = SQL | {"auth_types": AUTH_TYPES, "capabilities": capabilities("database", "sqlalchemy")}

HOSTILE = (
    "import {x} from 'y'",
    '# Title $(id="type")',
    "$$ {a} <b> `c` [d](e) | f \\",
    "```",
    '-- "quoted" & &amp; *x* __y__ --',
    "1. one\x0btwo",
)


@cache
def renderer(template: Path) -> Renderer:
    return Renderer(template)


def made(service_type: str) -> Iterator[Answers]:
    """Contributions over connection types x auth types, with every capability, with each alone, and all auth types."""
    for answers in combinations(service_type, "contrib").values():
        yield answers
        if answers["auth_types"] == ["basic"]:
            for capability in answers["capabilities"]:
                yield answers | {"capabilities": [capability]}
            several = [chosen for chosen in AUTH_SETS if len(chosen) in (2, len(AUTH_TYPES))]
            if answers["connection_type"] != "sqlalchemy":
                several += [["basic", "none"], ["none", "jwt"], ["api_key", "token"], list(CATALOG.auth)]
            yield from (answers | {"auth_types": auth_types} for auth_types in several)


def sections(form: str) -> dict[str, str]:
    """The text of each section by its id, as the UI finds them; fails where an id is there twice."""
    found = re.findall(r'^\$\$section\n### [^\n]+ \$\(id="(\w+)"\)\n\n(.*?)\n\$\$$', form, re.MULTILINE | re.DOTALL)
    assert len(found) == form.count("$$section") == len(dict(found))
    return dict(found)


def below(
    place: str, schema: Facts, targets: dict[str, Facts], facts: Facts, above: str = ""
) -> Iterator[tuple[str, Facts]]:
    """What is to be filled in below a property, by its path; lists are found by the property that holds them."""
    for choice in facts.get("oneOf", ()):
        yield from below(place, schema, targets, choice, above)
    if "$ref" in facts:
        yield from below(place, schema, targets, referred(place, schema, targets, facts), above)
    for name, property_ in facts.get("properties", {}).items():
        if property_ and property_.get("type") != "array":
            yield f"{above}{name}", property_
            yield from below(place, schema, targets, property_, f"{above}{name}.")


def referred(place: str, schema: Facts, targets: dict[str, Facts], facts: Facts) -> Facts:
    """What a property refers to."""
    if facts["$ref"].startswith("#"):
        definition: Facts = schema["definitions"][facts["$ref"].rpartition("/")[2]]
        return definition
    return targets[posixpath.normpath(posixpath.join(posixpath.dirname(place), facts["$ref"]))]


def texts(template: Path, answers: Answers) -> dict[str, str]:
    """What the schema, and what it refers to, says of each field, by its path; its title where it says nothing."""
    schema = json.loads(renderer(template).text(SCHEMA, answers))
    place = schema["$id"].removeprefix("https://open-metadata.org/schema/")
    targets = TARGETS | own_schemas(template, answers)
    found = dict(below(place, schema, targets, schema))
    for name, facts in schema["properties"].items():
        known = referred(place, schema, targets, facts) if "$ref" in facts else {}
        found[name] = known | facts
    return {path: facts.get("description", f"{facts['title']}.") for path, facts in found.items()}


def own_schemas(template: Path, answers: Answers) -> dict[str, Facts]:
    """The schemas that an auth type has of its own, by their place; a package has them in the connection's."""
    if answers["placement"] == "package" or answers["auth_types"] == ["none"]:
        return {}
    sources = [OWN_SCHEMAS[name] for name in answers["auth_types"] if name in OWN_SCHEMAS]
    schemas = [json.loads(renderer(template).text(source, answers)) for source in sources]
    return {schema["$id"].removeprefix("https://open-metadata.org/schema/"): schema for schema in schemas}


@SERVICES
def test_each_property_has_one_section_in_the_schemas_order(service_type: str, template: Path) -> None:
    for answers in made(service_type):
        properties = json.loads(renderer(template).text(SCHEMA, answers))["properties"]
        found = [name for name in sections(renderer(template).text(FORM, answers)) if name in properties]
        hidden = [name for name in properties if name == "type" or name.startswith("supports")]
        assert found == [name for name in properties if name not in hidden] + hidden, answers


@SERVICES
def test_whatever_is_filled_in_below_a_property_has_a_section(service_type: str, template: Path) -> None:
    for answers in made(service_type):
        schema = json.loads(renderer(template).text(SCHEMA, answers))
        place = schema["$id"].removeprefix("https://open-metadata.org/schema/")
        targets = TARGETS | own_schemas(template, answers)
        wanted = {path.rpartition(".")[2] for path, _ in below(place, schema, targets, schema)}
        assert sections(renderer(template).text(FORM, answers)).keys() == wanted, answers


def rows(text: str, heading: str) -> dict[str, str]:
    """The last cell of the rows below a heading, by the code in the first."""
    table = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [re.split(r" *(?<!\\)\| ?", line) for line in table.splitlines() if line.startswith("| `")]
    return {row[1].strip("`"): row[-2] for row in cells}


@SERVICES
def test_documents_say_of_a_field_what_the_schema_says(service_type: str, template: Path) -> None:
    for answers in combinations(service_type, "contrib").values():
        known = {path: naming.prose(text) for path, text in texts(template, answers).items()}
        page = rows(renderer(template).text(PAGE, answers), "Connection")
        form = sections(renderer(template).text(FORM, answers))
        assert {path: page[path].startswith(naming.cell(text)) for path, text in known.items()} == dict.fromkeys(
            page, True
        ), answers
        other = [path for path, text in known.items() if text not in form[path.rpartition(".")[2]]]
        assert other == [], answers


@SERVICES
def test_readme_says_of_an_option_what_the_schema_says_of_its_field(service_type: str, template: Path) -> None:
    for answers in combinations(service_type, "package").values():
        known = {path: naming.cell(text) for path, text in texts(template, answers).items()}
        (auth_type,), connection_type = answers["auth_types"], answers["connection_type"]
        options = CATALOG.auth[auth_type]["connections"][connection_type]["options"]
        paths = {name: f"authType.{facts['path']}" for name, facts in options.items()}
        for name, text in rows(renderer(template).text(README, answers), "Options").items():
            path = paths.get(name, name if name in known else f"sslConfig.{name}")
            assert text.startswith(known[path]), (answers, name)


def test_readme_says_of_an_option_what_it_is_for_each_sign_in(template: Path) -> None:
    both = SQL | {"placement": "package", "auth_types": ["azure", "oauth"]}
    said = rows(renderer(template).text(README, both), "Options")["clientId"]
    assert said.startswith(
        "Application (client) id of the service principal. For oauth: Client id registered with the authorization"
    )


@SERVICES
def test_each_section_says_more_than_its_title(service_type: str, template: Path) -> None:
    for answers in made(service_type):
        form = renderer(template).text(FORM, answers)
        titles = dict(re.findall(r'^### (.+) \$\(id="(\w+)"\)$', form, re.MULTILINE))
        for title, name in titles.items():
            text = re.split(r"(?<=\w)[.:]", sections(form)[name])[0]
            assert len(text.split()) > 2 and text.strip("*- ").lower() != title.lower(), (answers, name)


@SERVICES
def test_form_is_documented_where_the_ui_looks(service_type: str, template: Path) -> None:
    answers = next(made(service_type))
    folder = "ApiEntity" if service_type == "api" else "MlModel" if service_type == "mlmodel" else service_type.title()
    place = f"openmetadata-ui/src/main/resources/ui/public/locales/en-US/{folder}/{answers['type_name']}.md"
    assert place in renderer(template).files(answers)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("type", "Always `MyDb`."),
        ("scheme", "Always `postgresql+psycopg2`."),
        ("sslMode", "One of `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`. Default: `disable`."),
        ("supportsProfiler", "Default: `true`."),
        ("database", "Example: `my_db`. Required."),
        ("password", "A secret"),
        ("authType", "- **JWT Auth**: a JSON Web Token."),
        ("jwt", "**JWT Auth**: "),
    ],
)
def test_section_says_what_there_is_to_know_of_a_value(name: str, said: str, template: Path) -> None:
    own = {"scheme": "postgresql+psycopg2", "auth_types": ["basic", "jwt"], "capabilities": ["profiler"]}
    assert said in sections(renderer(template).text(FORM, SQL | own))[name]


def test_default_with_backticks_is_code_as_a_whole(template: Path) -> None:
    form = renderer(template).text(FORM, SQL | {"scheme": "bigquery", "capabilities": ["lineage"]})
    assert "Default: `` `region-us`.INFORMATION_SCHEMA.JOBS_BY_PROJECT ``." in sections(form)["queryHistoryTable"]


def test_what_the_form_does_not_show_is_below_a_heading_of_its_own(template: Path) -> None:
    form = renderer(template).text(FORM, EVERYTHING)
    shown, hidden = form.split("## Set by the Connector\n")
    assert not [name for name in sections(shown) if name == "type" or name.startswith("supports")]
    assert all(name == "type" or name.startswith("supports") for name in sections(hidden))


@pytest.mark.parametrize(
    ("capability", "headings"),
    [
        ("metadata", []),
        ("owners", []),
        ("lineage", ["### Usage & Lineage"]),
        ("usage", ["### Usage & Lineage"]),
        ("profiler", ["### Profiler & Data Quality"]),
        ("data_diff", ["### Profiler & Data Quality"]),
    ],
)
def test_requirements_have_the_headings_that_the_ui_knows(capability: str, headings: list[str], template: Path) -> None:
    form = renderer(template).text(FORM, SQL | {"scheme": "postgresql+psycopg2", "capabilities": [capability]})
    requirements = re.search(r"^## Requirements\n(.*?)^## Connection Details$", form, re.MULTILINE | re.DOTALL)
    assert requirements
    assert re.findall(r"^### .*", requirements[1], re.MULTILINE) == headings


def test_right_to_read_the_log_is_below_the_heading_of_lineage(template: Path) -> None:
    form = renderer(template).text(FORM, SQL | {"scheme": "postgresql+psycopg2", "capabilities": ["lineage"]})
    assert "pg_read_all_stats" in form.split("### Usage & Lineage")[1].split("\n## ")[0]


def test_renamed_property_renames_its_section_and_its_row(template: Path, tmp_path: Path) -> None:
    edited = tmp_path / "template"
    shutil.copytree(template, edited)
    file = edited / "catalog/connections/sqlalchemy.yml"
    file.write_text(file.read_text().replace("  connectionArguments:\n", "  driverArguments:\n"))
    drifted = Renderer(edited)
    assert "driverArguments" in json.loads(drifted.text(SCHEMA, SQL))["properties"]
    assert "driverArguments" in sections(drifted.text(FORM, SQL))
    assert "\n| `driverArguments` |" in drifted.text(PAGE, SQL)


@SERVICES
def test_page_has_a_row_for_each_property(service_type: str, template: Path) -> None:
    for answers in combinations(service_type, "contrib").values():
        properties = json.loads(renderer(template).text(SCHEMA, answers))["properties"]
        table = renderer(template).text(PAGE, answers).split("\n## Connection\n")[1].split("\n#")[0]
        assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(properties)


@pytest.mark.parametrize("auth_type", CATALOG.auth)
def test_page_shows_how_each_auth_type_is_written(auth_type: str, template: Path) -> None:
    answers = SQL | {"auth_types": [auth_type]}
    if auth_type not in AUTH_TYPES:
        clients = combinations("database", "contrib")[f"database_rest_{auth_type}"]
        answers = clients | {"auth_types": [auth_type, "none" if auth_type != "none" else "token"]}
    page = renderer(template).text(PAGE, answers)
    (block, *_) = re.findall(r"^```yaml\n(authType:\n.*?)^```$", page, re.MULTILINE | re.DOTALL)
    rows = set(re.findall(r"^\| `(authType\.[\w.]+)` \|", page, re.MULTILINE))
    written = [*leaves(yaml.safe_load(block))]
    assert written
    assert set(written) <= rows


@pytest.mark.parametrize("auth_type", [name for name in CATALOG.auth if name != "basic"])
def test_client_is_not_said_to_have_a_password_where_it_signs_in_without(auth_type: str, template: Path) -> None:
    clients = [
        answers
        for service_type in CATALOG.services
        for answers in combinations(service_type, "contrib").values()
        if answers["connection_type"] != "sqlalchemy" and answers["auth_types"] == [auth_type]
    ]
    assert len(clients) == 2 * len(CATALOG.services)
    for answers in clients:
        for source in (FORM, PAGE):
            assert "password" not in renderer(template).text(source, answers).lower(), answers


@pytest.mark.parametrize(
    ("connection_type", "auth_type", "said"),
    [
        ("sqlalchemy", "iam", "AWS IAM, with a token that RDS accepts as the password"),
        ("rest_api", "iam", "AWS IAM, with a signature on each request"),
        ("rest_api", "basic", "user name and password"),
        ("sdk_client", "azure", "Microsoft Entra ID, with a service principal that the SDK is given"),
    ],
)
def test_page_and_form_say_how_this_connection_type_signs_in(
    connection_type: str, auth_type: str, said: str, template: Path
) -> None:
    name = f"database_{connection_type.partition('_')[0]}_{auth_type}"
    facts = combinations("database", "contrib")[name] | {"auth_types": [auth_type, "token"]}
    assert f"It signs in with {said}." in renderer(template).text(PAGE, facts)
    assert f"**: {said}." in sections(renderer(template).text(FORM, facts))["authType"]


def leaves(tree: dict[str, Any], above: str = "") -> Iterator[str]:
    for name, value in tree.items():
        yield from leaves(value, f"{above}{name}.") if isinstance(value, dict) else [above + name]


@SERVICES
def test_workflows_of_the_page_are_the_emitted_files(service_type: str, template: Path) -> None:
    for answers in combinations(service_type, "contrib").values():
        files = renderer(template).files(answers)
        emitted = [text for path, text in files.items() if "/examples/workflows/" in path]
        (page,) = (text for path, text in files.items() if path.endswith(".mdx"))
        shown = re.findall(r"^```yaml\n(.*?)^```$", page.split("\n## Workflows\n")[1], re.MULTILINE | re.DOTALL)
        assert emitted
        assert sorted(shown) == sorted(emitted)
        assert all("workflowConfig" in yaml.safe_load(text) for text in shown)


@pytest.mark.parametrize("scheme", ["postgresql+psycopg2", "mysql+pymysql", "oracle+oracledb", "myolap+pyodbc"])
def test_page_tells_what_to_do_about_what_the_driver_says(scheme: str, template: Path) -> None:
    page = renderer(template).text(PAGE, SQL | {"scheme": scheme})
    table = page.split("\n## Troubleshooting\n")[1]
    known = [error for error in CATALOG.dialect(scheme)["errors"] if "needs" not in error]
    assert len(re.findall(r"^\| `", table, re.MULTILINE)) == len(known)
    assert all(error["title"] in table for error in known)


@pytest.mark.parametrize("dialect", [name for name, facts in CATALOG.dialects.items() if "scheme" in facts])
def test_what_is_known_of_a_dialect_is_markdown_that_mdx_takes(dialect: str, template: Path) -> None:
    facts = CATALOG.dialects[dialect]
    namespace = facts.get("namespace", "schema.table")
    able = {"capabilities": capabilities("database", "sqlalchemy")} if "query_log" in facts else {}
    page = renderer(template).text(PAGE, SQL | {"scheme": facts["scheme"], "namespace": namespace} | able)
    check_mdx(page, dialect)


def fullest(dialect: str) -> Answers:
    """A connector of a dialect with all that it can be asked for."""
    facts = CATALOG.dialects[dialect]
    scheme, namespace = facts.get("scheme", SQL["scheme"]), facts.get("namespace", SQL["namespace"])
    every = accepted(Choices(CATALOG).capabilities("database", "sqlalchemy", scheme))
    return SQL | {"scheme": scheme, "namespace": namespace, "capabilities": every}


@pytest.mark.parametrize("dialect", [name for name, facts in CATALOG.dialects.items() if "query_log" in facts])
def test_procedure_of_an_edge_is_promised_where_the_log_knows_it(dialect: str, template: Path) -> None:
    promised = "names the procedure" in renderer(template).text(PAGE, fullest(dialect))
    assert promised == ("procedures" in CATALOG.dialects[dialect]["query_log"])


@pytest.mark.parametrize("dialect", CATALOG.dialects)
def test_documents_name_no_other_dialect(dialect: str, template: Path) -> None:
    own, package = fullest(dialect), fullest(dialect) | {"placement": "package"}
    texts = [renderer(template).text(source, own) for source in (PAGE, FORM)]
    texts.append(renderer(template).text(README, package))
    others = [facts for name, facts in CATALOG.dialects.items() if name not in (dialect, "generic")]
    names = {name for facts in others for name in [facts["title"], *facts.get("names", ())]}
    found = re.findall(rf"\b(?:{'|'.join(sorted(names))})\b", "\n".join(texts), re.IGNORECASE)
    assert found == []


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("source", [FORM, PAGE], ids=["form", "page"])
def test_free_text_stays_text(source: str, text: str, template: Path) -> None:
    links = {"docs_url": "https://example.com/a(b)$$?c=d&lt;[e]", "docs_notes": text}
    tame = renderer(template).text(source, EVERYTHING | links | {"display_name": "Tame", "description": "Tame"})
    wild = renderer(template).text(source, EVERYTHING | links | {"display_name": text, "description": text})
    # A fence is as long as it has to be.
    lines = list(zip(tame.splitlines(), wild.replace("````", "```").splitlines(), strict=True))
    assert [line for line, _ in lines if "Tame" not in line] == [line for tame, line in lines if "Tame" not in tame]
    assert "%28b%29%24%24" in wild
    if source == PAGE:
        check_mdx(wild, "page")
    else:
        assert not re.search(r"[{}<`]", without_code(wild).replace("{{", ""))
        assert sections(wild).keys() == sections(tame).keys()


@pytest.mark.parametrize("text", [*HOSTILE, "bell \x07 and \ufffe"])
def test_icon_is_xml_with_the_name_as_its_title(text: str, template: Path) -> None:
    icon = ElementTree.fromstring(renderer(template).text(ICON, SQL | {"display_name": text}))
    title = icon.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == naming.one_line(re.sub("[\x07\ufffe]", " ", text))


def test_icon_refers_to_nothing_outside(template: Path) -> None:
    icon = renderer(template).text(ICON, SQL)
    assert re.findall(r"(\S*)=\"?http", icon) == ["xmlns"]
    assert not re.search(r"href|url\(|<(image|use|style|script)", icon)


@pytest.mark.parametrize(
    ("type_name", "initials"), [("MyDb", "MD"), ("Postgres", "P"), ("BigQuery", "BQ"), ("S3", "S"), ("X1Y2Z3", "XY")]
)
def test_icon_shows_initials(type_name: str, initials: str, template: Path) -> None:
    assert f">{initials}</text>" in renderer(template).text(ICON, SQL | {"type_name": type_name})


def test_white_letters_can_be_read_on_every_colour() -> None:
    """Contrast of at least 4.5, as WCAG 2.2 defines it in 1.4.3."""
    colours = {icon_colour(f"name_{number}") for number in range(1000)}
    assert len(colours) > 200
    for colour in colours:
        channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert 1.05 / (luminance + 0.05) >= 4.5, colour


def test_package_has_none_of_it(template: Path) -> None:
    for service_type in ("database", "dashboard"):
        for answers in combinations(service_type, "package").values():
            files = renderer(template).files(answers)
            assert not [path for path in files if path.endswith((".svg", ".mdx")) or "openmetadata-ui" in path]
            text = "\n".join(files.values())
            assert not re.search(r"service-icon|\.mdx|locales|\$\$section", text), answers


def a_field(name: str, text: str, choices: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    facts = {"name": name, "title": name.title(), "text": text, "required": False, "default": None, "notes": []}
    return facts | {"hidden": False, "choices": choices or []}


@pytest.mark.parametrize(
    ("texts", "paragraphs"),
    [
        (["One.", "Other."], ["**A**: One.", "**B**: Other."]),
        (["Same.", "Same."], ["**A** and **B**: Same."]),
    ],
    ids=["different", "same"],
)
def test_field_that_two_choices_have_gets_one_section(texts: list[str], paragraphs: list[str]) -> None:
    choices = [
        {"title": title, "auth": None, "fields": [a_field("id", text)]} for title, text in zip("AB", texts, strict=True)
    ]
    documentation = Documentation({name: getattr(naming, name) for name in ("plain", "prose", "code_span")})
    found = documentation.sections([a_field("auth", "How.", choices)])
    assert [(section["id"], section["paragraphs"]) for section in found] == [("auth", ["How."]), ("id", paragraphs)]
