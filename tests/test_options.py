"""Options of the author's own: what is refused, with which line, and where those that are taken arrive."""

from __future__ import annotations

import ast
import json
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier.errors import CopierError
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import AnyUrl

from extensions.catalog import Catalog
from extensions.options import INTEGERS, KEYS, MAX_VALUE, SECRET_NAMES, URL
from tasks import validate
from tests.conftest import NIGHTLY, ROOT
from tests.support.checks import PACKAGE_MODULES, check_style, evidence, validate_files
from tests.support.connector import PYTEST, PYTEST_OPTIONS, Connector, Deploy, assert_passed
from tests.support.python import Warm
from tests.support.render import EMPTY, Answers, Interview, Renderer

CATALOG = Catalog(ROOT / "catalog")

WHOLE = """\
tenant: {type: string, title: The *tenant*, description: "The *tenant* of {it} | $(x).", required: true}
region: {choices: [eu, us], default: eu}
zone: {choices: [a-1, b 2], required: true}
api_secret: {secret: true, required: true, description: Signs requests}
otherKey: {secret: true}
page_limit: {type: integer, default: 100}
ratio: {type: number, default: 2}
include_archived: {type: boolean, default: false}
strict: {type: boolean, required: true}
portal: {type: url, default: "https://example.com/a"}
folder: {example: "/a|b"}
"""
PROPERTIES = ["tenant", "region", "zone", "apiSecret", "otherKey", "pageLimit", "ratio", "includeArchived", "strict"]
PROPERTIES += ["portal", "folder"]

REST: Answers = {"name": "my_bi", "service_type": "dashboard"}
SDK = REST | {"connection_type": "sdk_client"}
SQL: Answers = {"name": "my_bi", "service_type": "database", "scheme": "postgresql+psycopg2"}
TOPOLOGY: Answers = {"kind": "topology", "name": "my_bi", "service_type": "database"}
OVER = {"rest_api": REST, "sdk_client": SDK, "sqlalchemy": SQL, "topology": TOPOLOGY}


@cache
def interview(template: Path) -> Interview:
    return Interview(template)


def made(template: Path, answers: Answers) -> dict[str, str]:
    asked = interview(template)
    return asked.made(asked.answered(answers))


def refusal(template: Path, answers: Answers) -> str:
    """What is said of answers that are refused; empty where they are taken."""
    try:
        interview(template).answered(answers)
    except (ValueError, CopierError) as error:
        return str(error)
    return ""


# ---- What is refused -------------------------------------------------------------------------------------------------

BACKSLASH = chr(92)

# The answer, and the whole line.
REFUSED: dict[str, tuple[str, str]] = {
    "a text": (
        "tenant",
        "line 1: give keys with values, such as tenant: {required: true}: 'tenant' has none",
    ),
    "a list": (
        "[a]",
        "line 1: give keys with values, such as tenant: {required: true}: ['a'] has none",
    ),
    "no YAML": (
        "tenant: {a",
        "line 1: expected ',' or '}', but got '<stream end>'; texts with braces, colons or # need quotes",
    ),
    "a tab": (
        "a:\n\tb: 1",
        "line 2: found character '\\t' that cannot start any token; texts with braces, colons or # need quotes",
    ),
    "two documents": (
        "a: {}\n---\nb: {}",
        "line 2: but found another document; texts with braces, colons or # need quotes",
    ),
    "an alias": (
        "a: &x {}\nb: *x",
        "line 2: there is an alias: write out what it stands for; texts with braces, colons or # need quotes",
    ),
    "a key twice": (
        "a: {}\n\na: {}",
        "line 3: 'a' is there twice",
    ),
    "a key of an option twice": (
        "a: {type: url,\n  type: url}",
        "line 2: 'type' is there twice",
    ),
    "a name that is a list": (
        "[a]: {}",
        "line 1: a key is no plain name: a text with braces needs quotes",
    ),
    "an option that is a text": (
        "a: b",
        "line 1, a: give keys with values, such as {required: true}: 'b' has none",
    ),
    "nested too deeply": (
        "[" * 5000 + "]" * 5000,
        "the answer options is nested too deeply",
    ),
    "dashes": (
        "my-tenant: {}",
        "line 1, my-tenant: give a name of at most 30 characters, such as page_limit or pageLimit: 'my-tenant' is none",
    ),
    "a capital": (
        "Tenant: {}",
        "line 1, Tenant: give a name of at most 30 characters, such as page_limit or pageLimit: 'Tenant' is none",
    ),
    "both casings": (
        "page_Limit: {}",
        "line 1, page_Limit: give a name of at most 30 characters, such as page_limit or "
        "pageLimit: 'page_Limit' is none",
    ),
    "too long": (
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: {}",
        "line 1, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: give a name of at most 30 characters, such as "
        "page_limit or pageLimit: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' is none",
    ),
    "a word of Python's": (
        "a: {}\nclass: {}",
        "line 2, class: give another name, such as my_class: 'class' is a word of Python's or pydantic's",
    ),
    "a word of pydantic's": (
        "json: {}",
        "line 1, json: give another name, such as my_json: 'json' is a word of Python's or pydantic's",
    ),
    "a type of Python's": (
        "str: {}",
        "line 1, str: give another name, such as my_str: 'str' is a word of Python's or pydantic's",
    ),
    "a flag": (
        "supportsAll: {}",
        "line 1, supportsAll: give another name, such as mySupportsAll: what begins with supports is not in the form",
    ),
    "the same in camel case": (
        "page_limit: {}\npageLimit: {}",
        "line 2, pageLimit: this is too much like page_limit: give one of them another name",
    ),
    "a property": (
        "hostPort: {}",
        "line 1, hostPort: give another name, such as myHostPort: hostPort is a property of the connection already",
    ),
    "a property in snake case": (
        "host_port: {}",
        "line 1, host_port: give another name, such as my_host_port: hostPort is a property of the connection already",
    ),
    "a filter": (
        "dashboard_filter_pattern: {}",
        "line 1, dashboard_filter_pattern: give another name, such as my_dashboard_filter_pattern: "
        "dashboardFilterPattern is a property of the connection already",
    ),
    "the type": (
        "type: {}",
        "line 1, type: give another name, such as my_type: type is a property of the connection already",
    ),
    "an option of signing in": (
        "username: {}",
        "line 1, username: give another name, such as my_username: username is an option of auth type basic already",
    ),
    "an option of TLS": (
        "ca_certificate: {}",
        "line 1, ca_certificate: give another name, such as my_ca_certificate: caCertificate is an "
        "option of sslConfig already",
    ),
    "an unknown key": (
        "a:\n  requird: true",
        "line 2, a.requird: 'requird' is unknown; did you mean required?",
    ),
    "a key of another world": (
        "a: {zzz: 1}",
        "line 1, a.zzz: 'zzz' is unknown; give one of type, title, description, secret, choices, "
        "required, default, example",
    ),
    "an unknown type": (
        "a: {type: int}",
        "line 1, a.type: 'int' is unknown; did you mean integer?",
    ),
    "a type that is a list": (
        "a: {type: [url]}",
        "line 1, a.type: ['url'] is unknown; did you mean url?",
    ),
    "required that is a text": (
        "a: {required: 'yes'}",
        "line 1, a.required: give true or false: 'yes' is neither",
    ),
    "secret that is a number": (
        "a: {secret: 1}",
        "line 1, a.secret: give true or false: 1 is neither",
    ),
    "a secret without saying so": (
        "api_token: {}",
        "line 1, api_token: this is called as a secret: give secret: true, or another name",
    ),
    "an address called as a secret": (
        "jwt: {type: url}",
        "line 1, jwt: this is called as a secret: give secret: true, or another name",
    ),
    "a secret that is a number": (
        "a: {secret: true, type: integer}",
        "line 1, a.type: leave type out: what has secret is a string, not integer",
    ),
    "a secret with a default": (
        "a: {secret: true, default: b}",
        "line 1, a.default: leave default out: a secret has none, since it would be in files that people share",
    ),
    "a secret with an example": (
        "a: {secret: true, example: b}",
        "line 1, a.example: leave example out: a secret has none, since it would be in files that people share",
    ),
    "a secret with choices": (
        "a: {secret: true, choices: [b, c]}",
        "line 1, a.choices: leave choices out: a secret is none of a few known texts",
    ),
    "required with a default": (
        "a: {required: true, default: b}",
        "line 1, a.default: leave out required or default: what has a default need not be given",
    ),
    "choices that are a text": (
        "a: {choices: b}",
        "line 1, a.choices: give a list: 'b' is none",
    ),
    "one choice": (
        "a: {choices: [b]}",
        "line 1, a.choices: give two or more choices, such as [eu, us]",
    ),
    "the same choice twice": (
        "a:\n  choices: [b, c,\n    b]",
        "line 3, a.choices[2]: 'b' is there twice: leave one out",
    ),
    "a choice that YAML takes for no": (
        "a: {choices: [yes, no]}",
        "line 1, a.choices[0]: give a text, in quotes where YAML reads something else: True is none",
    ),
    "choices that are numbers": (
        "a: {choices: [1, 2]}",
        "line 1, a.choices[0]: give a text, in quotes where YAML reads something else: 1 is none",
    ),
    "choices with a type": (
        "a: {type: integer, choices: [b, c]}",
        "line 1, a.type: leave type out: what has choices is a string, not integer",
    ),
    "a default that is no choice": (
        "a: {choices: [b, c], default: d}",
        "line 1, a.default: 'd' is unknown; give one of b, c",
    ),
    "an example that is no choice": (
        "a: {choices: [b, c], example: d}",
        "line 1, a.example: 'd' is unknown; give one of b, c",
    ),
    "a default in quotes": (
        "a: {type: integer, default: '5'}",
        "line 1, a.default: give a whole number from -2147483648 to 2147483647: '5' is none",
    ),
    "a default of another type": (
        "a: {type: integer, default: 1.5}",
        "line 1, a.default: give a whole number from -2147483648 to 2147483647: 1.5 is none",
    ),
    "a default beyond Java": (
        "a: {type: integer, default: 2147483648}",
        "line 1, a.default: give a whole number from -2147483648 to 2147483647: 2147483648 is none",
    ),
    "true as a number": (
        "a: {type: integer, default: true}",
        "line 1, a.default: give a whole number from -2147483648 to 2147483647: True is none",
    ),
    "a number without bounds": (
        "a: {type: number, default: .inf}",
        "line 1, a.default: give a number: inf is none",
    ),
    "no number": (
        "a: {type: number, example: .nan}",
        "line 1, a.example: give a number: nan is none",
    ),
    "a number of many digits": (
        "a: {type: number, default: "
        "9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999}",
        "line 1, a.default: give a number: 999999999999999999999999999999999999999999999999999999999999 is none",
    ),
    "a number as yes or no": (
        "a: {type: boolean, default: 1}",
        "line 1, a.default: give true or false: 1 is neither",
    ),
    "a number as a text": (
        "a: {default: 5}",
        "line 1, a.default: give a text, in quotes where YAML reads something else: 5 is none",
    ),
    "nothing as a default": (
        "a: {default: }",
        'line 1: put "{default}" in quotes: without them YAML reads an object in it',
    ),
    "an empty default": (
        "a: {default: ''}",
        "line 1, a.default: give at least one letter",
    ),
    "a default of two lines": (
        'a: {default: "b\\nc"}',
        "line 1, a.default: give a single line",
    ),
    "a default that is too long": (
        "a: {default: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}",
        "line 1, a.default: give at most 60 characters: "
        "'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…' is too long",
    ),
    "a default that code has longer": (
        f"a: {{default: '{BACKSLASH * 31}'}}",
        f"line 1, a.default: give a shorter text: with its escapes, '{BACKSLASH * 59} is too long",
    ),
    "blanks around a default": (
        "a: {default: ' b'}",
        "line 1, a.default: leave out the blanks around ' b'",
    ),
    "a variable": (
        "a: {required: true, example: $HOME}",
        "line 1, a.example: leave out $, which begins a variable in a workflow",
    ),
    "a reference": (
        "a: {required: true, example: 'env:HOME'}",
        "line 1, a.example: leave out env:, which says in a workflow where a value is",
    ),
    "no URL": (
        "a: {type: url, default: example.com}",
        "line 1, a.default: give a URL, such as https://example.com: 'example.com' is none",
    ),
    "a URL without slashes": (
        "a: {type: url, default: 'localhost:80'}",
        "line 1, a.default: give a URL, such as https://example.com: 'localhost:80' is none",
    ),
    "a title that is a number": (
        "a: {title: 5}",
        "line 1, a.title: give a text, in quotes where YAML reads something else: 5 is none",
    ),
    "a title of blanks": (
        "a: {title: ' '}",
        "line 1, a.title: give at least one letter",
    ),
    "a title that is too long": (
        "a: {title: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}",
        "line 1, a.title: give at most 60 characters: "
        "'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…' is too long",
    ),
    "a description of two lines": (
        'a: {description: "b\\nc"}',
        "line 1, a.description: give a single line",
    ),
    "code of Java in a description": (
        "a: {description: 'b \\u002a/'}",
        "line 1, a.description: leave out \\u: OpenMetadata's build has the text in Java, which "
        "reads a character of code in it",
    ),
    "a character that turns text round": (
        'a: {description: "b \\u202e"}',
        "line 1, a.description: leave out U+202E, which is character 3: some files can't hold it, or don't show it",
    ),
    "a tag": (
        "a:\n  default: !!int b",
        "line 2: there is a tag, tag:yaml.org,2002:int: leave it out; texts with braces, colons or # need quotes",
    ),
    "an object of Python": (
        "a: {default: !!python/object:os.system b}",
        "line 1: there is a tag, tag:yaml.org,2002:python/object:os.system: leave it out; texts with braces, colons or "
        "# need quotes",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_option_that_can_not_be_is_refused_in_a_line(what: str, template: Path) -> None:
    text, line = REFUSED[what]
    assert refusal(template, REST | {"options": text}) == f"Validation error for question 'options': {line}"


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        (SQL | {"options": "database: {}"}, "database is a property of the connection already"),
        (SQL | {"options": "query_history_table: {}"}, "queryHistoryTable is a property of the connection already"),
        (SQL | {"options": "scheme: {}"}, "scheme is a property of the connection already"),
        (TOPOLOGY | {"options": "threads: {}"}, "threads is a property of the connection already"),
        (
            REST | {"auth_types": ["token"], "options": "token: {secret: true}"},
            "token is an option of auth type token already",
        ),
        (
            REST | {"name": "openmetadata", "type_name": "OtherMetadata", "options": "jwt_token: {secret: true}"},
            "jwtToken is what the workflows sign in to the server with already",
        ),
        ({"kind": "sink", "name": "a", "options": "a: {}"}, "leave options out: it belongs to connector or topology"),
        (REST | {"options": "a: {}\n" + "#" * 20_000}, "give at most 20000 characters"),
        (REST | {"options": "a: {}\u202e"}, "leave out U+202E"),
    ],
)
def test_name_that_is_taken_there_is_refused(answers: Answers, line: str, template: Path) -> None:
    assert line in refusal(template, answers)


@pytest.mark.parametrize(
    "answers",
    [
        REST | {"options": ""},
        REST | {"options": "database: {}\nthreads: "},
        REST | {"auth_types": ["basic"], "options": "token_url: {type: url}\ntoken: {secret: true}"},
        REST | {"options": "a: {default: \"5\"}\nb: {choices: ['yes', 'no']}\nc: {type: number, default: 5}"},
        REST | {"options": "since: {default: 2026-01-01}"},
    ],
)
def test_what_could_be_is_taken(answers: Answers, template: Path) -> None:
    assert refusal(template, answers) == ""


def test_names_of_secrets_are_those_of_the_check() -> None:
    assert SECRET_NAMES == validate.SECRET_NAMES


# ---- Where they arrive -----------------------------------------------------------------------------------------------


def schema_of(files: dict[str, str]) -> dict[str, Any]:
    (text,) = (text for path, text in files.items() if path.endswith("myBiConnection.json"))
    schema: dict[str, Any] = json.loads(text)
    return schema


@pytest.mark.parametrize(
    ("over", "placement"),
    [
        (over, placement)
        for over in OVER
        for placement in ("package", "contrib")
        if (over, placement) != ("topology", "contrib")
    ],
)
def test_options_are_properties_of_the_connection(over: str, placement: str, template: Path) -> None:
    answers = OVER[over] | {"options": WHOLE} | ({} if over == "topology" else {"placement": placement})
    before = schema_of(made(template, answers | {"options": ""}))
    files = made(template, answers)
    schema = schema_of(files)
    added = {name: facts for name, facts in schema["properties"].items() if name not in before["properties"]}
    assert list(added) == PROPERTIES
    assert added["tenant"] == {
        "title": "The *tenant*",
        "description": "The *tenant* of {it} | $(x).",
        "type": "string",
    }
    assert added["apiSecret"] == {
        "title": "API Secret",
        "description": "Signs requests",
        "type": "string",
        "format": "password",
    }
    assert added["region"] == {
        "title": "Region",
        "description": "Region.",
        "type": "string",
        "enum": ["eu", "us"],
        "default": "eu",
    }
    assert {name: added[name].get("type") for name in ("pageLimit", "ratio", "includeArchived")} == {
        "pageLimit": "integer",
        "ratio": "number",
        "includeArchived": "boolean",
    }
    assert (added["pageLimit"]["default"], added["ratio"]["default"], added["includeArchived"]["default"]) == (
        100,
        2.0,
        False,
    )
    assert (added["portal"]["format"], added["folder"]["examples"]) == ("uri", ["/a|b"])
    assert sorted({*schema["required"]} - {*before["required"]}) == ["apiSecret", "strict", "tenant", "zone"]
    assert {key: value for key, value in schema.items() if key not in ("properties", "required")} == {
        key: value for key, value in before.items() if key not in ("properties", "required")
    }


@pytest.mark.parametrize("over", OVER)
def test_options_arrive_in_every_file_of_a_package(
    over: str, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = interview(template).answered(OVER[over] | {"options": WHOLE})
    files = interview(template).made(answers)
    monkeypatch.chdir(tmp_path)
    assert validate_files(files, evidence(interview(template).derived(answers))) == 0
    readme = {
        cells[0]: cells[1:]
        for line in files["README.md"].splitlines()
        if len(cells := [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]) == 4
    }
    assert readme["`tenant`"] == ["yes", "", r"The \*tenant\* of &#123;it&#125; \| &#36;(x)."]
    assert readme["`region`"] == ["", "`eu`", "Region. One of `eu`, `us`."]
    assert readme["`zone`"] == ["yes", "", "Zone. One of `a-1`, `b 2`."]
    assert readme["`apiSecret`"] == ["yes", "", "Signs requests. Secret."]
    assert readme["`otherKey`"] == ["", "", "Other Key. Secret."]
    assert readme["`pageLimit`"] == ["", "`100`", "Page Limit. A whole number."]
    assert readme["`ratio`"] == ["", "`2.0`", "Ratio. A number."]
    assert readme["`includeArchived`"] == ["", "`false`", "Include Archived. `true` or `false`."]
    assert readme["`portal`"] == ["", "`https://example.com/a`", "Portal. A URL."]
    assert readme["`folder`"] == ["", "", r"Folder. Such as `/a\|b`."]
    given = yaml.safe_load(files["workflows/metadata.yaml"])["source"]["serviceConnection"]["config"][
        "connectionOptions"
    ]
    assert {name: given.get(name) for name in PROPERTIES} == dict.fromkeys(PROPERTIES) | {
        "tenant": "my-tenant",
        "zone": "a-1",
        "apiSecret": "env:MY_BI_API_SECRET",
        "strict": "true",
    }
    sample = json.loads(files["tests/fixtures/connection.json"])
    assert (sample["apiSecret"], sample["strict"]) == ("${MY_BI_API_SECRET}", True)
    for path in ("README.md", "docs/runbook.md", "deploy/kubernetes/cronjobs.yaml", "deploy/airflow/my_bi_dag.py"):
        assert "MY_BI_API_SECRET" in files[path], path
        assert "OTHER_KEY" not in files[path], path
    (secrets,) = re.findall(
        r"^SECRETS = (\(.*?\))$", files["src/openmetadata_my_bi/settings.py"], re.MULTILINE | re.DOTALL
    )
    assert {"apiSecret", "otherKey"} <= {*ast.literal_eval(secrets)}
    context = next(text for path, text in files.items() if path.endswith("CONTEXT.md"))
    assert r"| `tenant` | The \*tenant\* | `connection.tenant` |" in context
    assert (
        "| `otherKey` | Other Key | `connection.otherKey.get_secret_value()`; None where it is not given |" in context
    )
    assert "| `region` | Region | `connection.region` |" in context


@pytest.mark.parametrize("over", [over for over in OVER if over != "topology"])
def test_options_arrive_in_every_file_of_a_contribution(
    over: str, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = interview(template).answered(OVER[over] | {"options": WHOLE, "placement": "contrib"})
    files = interview(template).made(answers)
    monkeypatch.chdir(tmp_path)
    assert validate_files(files, evidence(interview(template).derived(answers))) == 0
    (workflow,) = (text for path, text in files.items() if path.endswith("workflows/my_bi.yaml"))
    config = yaml.safe_load(workflow)["source"]["serviceConnection"]["config"]
    assert {name: config.get(name) for name in PROPERTIES} == dict.fromkeys(PROPERTIES) | {
        "tenant": "my-tenant",
        "zone": "a-1",
        "apiSecret": "${MY_BI_API_SECRET}",
        "strict": True,
    }
    assert "MY_BI_API_SECRET" in workflow.splitlines()[2]
    (form,) = (text for path, text in files.items() if path.endswith("MyBi.md"))
    sections = dict(re.findall(r'^### ([^\n]+) \$\(id="\w+"\)\n\n(.*?)\n\$\$$', form, re.MULTILINE | re.DOTALL))
    assert sections[r"The \*tenant\*"] == r"The \*tenant\* of &#123;it&#125; \| &#36;(x). Required."
    assert sections["API Secret"] == "Signs requests. A secret, which OpenMetadata stores encrypted. Required."
    assert sections["Region"] == "Region. One of `eu`, `us`. Default: `eu`."
    assert sections["Page Limit"] == "Page Limit. Default: `100`."
    assert sections["Include Archived"] == "Include Archived. Default: `false`."
    assert sections["Folder"] == "Folder. Example: `/a|b`."
    (page,) = (text for path, text in files.items() if path.endswith(".mdx"))
    assert "| `region` |  | `eu` | Region. One of `eu`, `us`. |" in page
    for text in (text for path, text in files.items() if path.endswith(".java")):
        assert not re.search("tenant|secret", text.partition("class")[2], re.IGNORECASE)
    context = next(text for path, text in files.items() if path.endswith("CONTEXT.md"))
    assert "| `region` | Region | `connection.region.value` |" in context


def test_options_are_nowhere_where_none_are_answered(template: Path) -> None:
    assert not [path for path, text in made(template, REST).items() if "ptions of its own" in text]


@pytest.mark.parametrize("placement", ["package", "contrib"])
def test_long_options_leave_the_code_formatted(placement: str, template: Path, tmp_path: Path) -> None:
    long = {"example": "b" * MAX_VALUE, "title": "c" * 60, "description": "d" * 512}
    options: dict[str, Any] = {
        f"{letter * 29}{number}": long | {"required": True} for number in range(9) for letter in "a"
    }
    options |= {f"s{'a' * 27}{number}": {"secret": True, "required": True} for number in range(9)}
    options |= {f"c{'a' * 27}{number}": {"choices": [f"{'x' * 59}{one}" for one in range(9)]} for number in range(2)}
    options |= {f"m{'a' * 20}{number}": {"choices": ["a" * 30, "b" * number]} for number in range(10, 60)}
    options |= {f"d{'a' * 27}{number}": {"choices": ["a", "b"], "default": "a"} for number in range(9)}
    options |= {f"e{'a' * 28}": {"choices": [f"{'x' * 30}{one}" for one in range(2)], "default": f"{'x' * 30}1"}}
    options |= {f"u{'a' * 28}": {"type": "url", "default": f"https://{'h' * 52}"}}
    options |= {f"n{'a' * 28}": {"type": "number", "default": -1.7976931348623157e308}}
    answers = {"name": "a" * 30, "service_type": "dashboard", "placement": placement}
    files = made(template, answers | {"options": yaml.safe_dump(options)})
    for path, text in files.items():
        if path.endswith(".py"):
            (tmp_path / Path(path).name).write_text(text, encoding="utf-8")
    check_style(
        tmp_path, {"package": {f"openmetadata_{'a' * 30}", *PACKAGE_MODULES}, "contrib": {"metadata"}}[placement]
    )


# ---- What holds of any answer ----------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [*KEYS, "tenant", "page_limit", "pageLimit", "string", "integer", "url", "token", "hostPort", "<<", "é\n", "*"]
)
VALUES = st.one_of(
    WORDS,
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(INTEGERS[0], INTEGERS[-1]),
    st.floats(),
    st.dates(),
    st.text(max_size=8),
    st.lists(st.text(max_size=3) | WORDS, max_size=3),
)
ANYTHING = st.dictionaries(WORDS | st.text(max_size=5), VALUES | st.dictionaries(WORDS, VALUES, max_size=4), max_size=3)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(ANYTHING.map(lambda data: yaml.safe_dump(data, allow_unicode=True)) | st.text(max_size=60))
@example("a: {default: !!float x}")
@example("? {a: b}\n: c")
@example("a: {choices: [[b], {c: d}]}")
@example("%YAML 9.9\n---\na: {}")
@example("!!set {a}")
@example("!!omap [a: {}]")
@example("a: {<<: {type: url}}")
@example("<<: {a: {}}")
@example("a: {type: !x url}")
@example("a: {required: !!bool maybe}")
def test_any_answer_is_refused_in_a_line_or_makes_files_that_are_read(text: str) -> None:
    template = rendering()
    fault = template.options_fault(text)
    assert len(fault.splitlines()) <= 1
    assert len(fault) < 500
    if not fault:
        for source in SOURCES:
            made = template.renderer.text(source, REST_ANSWERS | {"options": text})
            json.loads(made) if source.endswith("json.jinja") or "schema_file" in source else ast.parse(made)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.from_regex(URL, fullmatch=True))
def test_url_that_is_taken_is_one_for_the_settings(url: str) -> None:
    assume("xn--" not in url.lower())  # what only looks encoded
    AnyUrl(url)


SOURCES = [
    "{{only.connector}}/{{schema_file}}.jinja",
    "{{only.connector}}/{{only.package}}/{{module_dir}}/settings.py.jinja",
    "{{only.connector}}/{{only.package}}/tests/test_settings.py.jinja",
]
REST_ANSWERS = EMPTY | {
    "service_type": "dashboard",
    "connection_type": "rest_api",
    "name": "my_bi",
    "type_name": "MyBi",
}


class Rendering:
    """The template as it is in the repository, for what is asked of it a hundred times."""

    def __init__(self) -> None:
        self.renderer = Renderer(ROOT)

    def options_fault(self, text: str) -> str:
        fault = self.renderer._environment.filters["options_fault"]
        return str(fault(text, "my_bi", "connector", "dashboard", "rest_api", ["basic"]))


@cache
def rendering() -> Rendering:
    return Rendering()


# ---- What is emitted, with the framework -----------------------------------------------------------------------------

# Runs in the framework's interpreter: what the settings make of options, and what they say of wrong ones.
READ = """
import json, sys
from openmetadata_my_bi.settings import MyBiSettings, SettingsError
given = json.loads(sys.argv[1])
common = {"hostPort": "http://localhost:1", "username": "a", "password": "b", "tenant": "c", "zone": "b 2",
    "apiSecret": "planted", "strict": "no"}
answers = []
for options in given:
    try:
        settings = MyBiSettings.from_options(common | options)
        assert "planted" not in repr(settings)
        names = ["tenant", "region", "zone", "pageLimit", "ratio", "includeArchived", "strict", "folder"]
        read = {name: getattr(settings, name) for name in names}
        read |= {"portal": str(settings.portal), "apiSecret": settings.apiSecret.get_secret_value()}
        answers.append(read | {"otherKey": settings.otherKey and settings.otherKey.get_secret_value()})
    except SettingsError as error:
        answers.append(str(error))
print(json.dumps(answers))
"""
DEFAULTS = {
    "tenant": "c",
    "region": "eu",
    "zone": "b 2",
    "pageLimit": 100,
    "ratio": 2.0,
    "includeArchived": False,
    "strict": False,
    "folder": None,
    "portal": "https://example.com/a",
    "apiSecret": "planted",
    "otherKey": None,
}
WRONG = {
    "region": ("ap", "input should be 'eu' or 'us'"),
    "zone": ("b", "input should be 'a-1' or 'b 2'"),
    "pageLimit": ("many", "input should be a valid integer, unable to parse string as an integer"),
    "ratio": ("inf", "input should be a finite number"),
    "includeArchived": ("maybe", "input should be a valid boolean, unable to interpret input"),
    "portal": ("here", "input should be a valid URL, relative URL without a base"),
    "apiSecret": ("", "is empty: give it a value, or leave it out"),
}


@pytest.mark.framework
def test_settings_read_each_option_as_its_type(package: Connector, warm: Warm) -> None:
    others = {
        "region": "us",
        "pageLimit": "7",
        "ratio": "1e-3",
        "includeArchived": "true",
        "strict": "yes",
        "folder": "/x",
        "portal": "s3://bucket",
        "otherKey": "k",
    }
    given = [{}, others, *({name: value} for name, (value, _) in WRONG.items())]
    done = warm.run(READ, json.dumps(given), pythonpath=[package.pythonpath])
    assert done.returncode == 0, done.stderr[-3000:]
    plain, changed, *wrong = json.loads(done.stdout.splitlines()[-1])
    assert plain == DEFAULTS
    assert changed == DEFAULTS | others | {"pageLimit": 7, "ratio": 0.001, "includeArchived": True, "strict": True}
    for line, (name, (_, said)) in zip(wrong, WRONG.items(), strict=True):
        assert (
            line.replace(": is empty", " is empty")
            == f"connectionOptions.{name}{' ' if said.startswith('is') else ': '}{said}"
        )


@pytest.fixture(scope="module")
def package(deploy: Deploy, tmp_path_factory: pytest.TempPathFactory) -> Connector:
    return deploy(REST | {"options": WHOLE}, "package", tmp_path_factory.mktemp("options"))


@pytest.mark.framework
def test_tests_of_a_package_with_options_pass(package: Connector, warm: Warm) -> None:
    assert_passed(package.run_tests(warm))


@pytest.mark.framework
def test_certification_hunts_secrets_of_ones_own(package: Connector, warm: Warm, tmp_path: Path) -> None:
    """It passes as emitted, and finds a secret that the settings show."""
    name = "test_contract.py::test_planted_secrets_are_nowhere"
    hunt = [PYTEST, *PYTEST_OPTIONS, f"tests/{name}"]
    assert_passed(warm.run(*hunt, pythonpath=[package.pythonpath], cwd=package.root))
    source = shutil.copytree(package.root, tmp_path / "shown") / "src"
    file = source / "openmetadata_my_bi/settings.py"
    text = file.read_text(encoding="utf-8")
    assert text.count("apiSecret: CustomSecretStr") == 1
    file.write_text(text.replace("apiSecret: CustomSecretStr", "apiSecret: str"), encoding="utf-8")
    done = warm.run(*hunt, pythonpath=[source], cwd=source.parent)
    assert done.returncode == 1, done.stdout[-3000:]
    assert "('apiSecret', 'a representation of the settings')" in done.stdout


@pytest.mark.framework
@NIGHTLY
def test_tests_of_a_contribution_with_options_pass(deploy: Deploy, tmp_path: Path) -> None:
    connector = deploy(REST | {"options": WHOLE}, "contrib", tmp_path)
    assert connector.warm
    path = [connector.pythonpath]
    assert_passed(
        connector.warm.run(PYTEST, *PYTEST_OPTIONS, str(connector.tests), pythonpath=path, cwd=connector.root)
    )
    done = connector.warm.run(MODEL, pythonpath=path)
    connector.warm.close()
    assert done.returncode == 0, done.stderr[-3000:]


# Runs with a contribution laid over the framework: what CONNECTOR_CONTEXT.md says of the fields in code.
MODEL = """
from metadata.generated.schema.entity.services.connections.dashboard.myBiConnection import MyBiConnection
connection = MyBiConnection.model_validate({"hostPort": "http://localhost:1", "authType": {"username": "a",
    "password": "b"}, "tenant": "c", "zone": "b 2", "apiSecret": "planted", "strict": True, "region": "us"})
assert "planted" not in repr(connection)
assert connection.apiSecret.get_secret_value() == "planted"
assert (connection.region.value, connection.zone.value) == ("us", "b 2")
assert (connection.tenant, connection.pageLimit, connection.ratio, connection.includeArchived) == ("c", 100, 2.0, False)
assert connection.folder is connection.otherKey is None
"""
