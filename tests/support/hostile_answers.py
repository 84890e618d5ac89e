"""Answers of every kind, those that have to be taken and those that may be refused, as Hypothesis strategies."""

from __future__ import annotations

import json
import keyword
import re
import string
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from extensions.answers import Choices, accepted
from extensions.catalog import Catalog
from tests.support.contrib import ROOT

Answers = dict[str, Any]

CATALOG = Catalog(ROOT / "catalog")
CHOICES = Choices(CATALOG)

# Signs that mean something to one of the languages that answers are written in, or that look like nothing or like
# another; ends of lines; characters that no file holds, or that turn round what stands behind them; names of files,
# modules and classes that can't be.
TEXT = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
SIGNS, BREAKS, NAMES = TEXT["signs"], TEXT["breaks"], TEXT["names"]
ILLS = TEXT["controls"] + TEXT["reordering"]

# Those beside the controls and what is no character.
UNFIT = "\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
SOME = st.sampled_from([*SIGNS, *string.printable.strip(), " ", " ", "a", "b"])
PLAIN = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn"), exclude_characters=UNFIT)


def _joined(parts: st.SearchStrategy[str], most: int) -> st.SearchStrategy[str]:
    return st.lists(parts, min_size=1, max_size=12).map(lambda found: "".join(found)[:most])


def lines(most: int) -> st.SearchStrategy[str]:
    """A line of text that any title or description may be."""
    text = st.one_of(_joined(SOME, most), _joined(st.one_of(SOME, PLAIN), most))
    return text.map(_seen).map(lambda text: text.replace("\\u", "\\U"))


def _seen(text: str) -> str:
    return text if any(one.isprintable() and not one.isspace() for one in text) else f"x{text[1:]}"


def _large(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A hundred thousand characters."""
    return parts.map(lambda part: (part * (100_000 // len(part) + 1))[:100_000])


NOTES = st.one_of(
    _joined(st.one_of(SOME, PLAIN, st.sampled_from(BREAKS)), 1000),
    _joined(st.one_of(SOME, st.sampled_from(BREAKS)), 1000),
    _large(_joined(st.one_of(SOME, st.sampled_from(BREAKS)), 1000)),
)
TEXTS = st.one_of(_joined(st.one_of(SOME, st.sampled_from([*ILLS, *BREAKS])), 1000), NOTES)
ANYTHING = st.one_of(lines(60), TEXTS, st.sampled_from(NAMES), st.integers(), st.integers(1, 70_000), st.booleans())

_TAKEN = {"aws", "base", "feature", "lineage", "multidb", "network", "queryparser", "tracked", "usage", "workflow"}


def _is_free(name: str) -> bool:
    """Whether a name is that of no language, framework or device."""
    folded = name.lower().replace("_", "")
    device = folded in ("con", "prn", "aux", "nul") or (folded[:3] in ("com", "lpt") and folded[3:].isdigit())
    words = {name, name.lower(), folded, folded.capitalize()}
    return not (device or any(map(keyword.iskeyword, words)) or folded.startswith("custom") or folded in _TAKEN)


# Mostly the same ones, so that files have equal texts, which are parsed once.
_PLAIN_NAMES = st.sampled_from(["my_db", "probe", "big_query_2"])
CONNECTORS = st.one_of(
    _PLAIN_NAMES,
    _PLAIN_NAMES,
    st.from_regex(r"[a-z][a-z0-9]{0,9}(_[a-z0-9]{1,9}){0,2}", fullmatch=True).filter(_is_free),
)
_PLAIN_TYPES = st.sampled_from(["MyDb", "Native", "S3"])
TYPES = st.one_of(_PLAIN_TYPES, _PLAIN_TYPES, st.from_regex(r"[A-Z][A-Za-z0-9]{0,29}", fullmatch=True).filter(_is_free))
SCHEMES = [
    f"{backend}+{driver}"
    for facts in CATALOG.dialects.values()
    for backend in facts["backends"]
    for driver in facts.get("drivers", {})
] + ["myolap+pyodbc", "null", "on", "a" * 60]
PORTS = st.one_of(st.just(""), st.integers(1, 65535), st.integers(1, 65535).map(str))
URLS = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["https", "http"]),
    st.sampled_from(["docs.example.com", "localhost:8080", "[::1]", "bücher.example", "user@example.com", "a"]),
    st.lists(
        st.sampled_from(
            ["/", "/a", "/(b)", "/*c*", "/_d_", "/[e](f)", "?g=h&lt;", "#i", "%20", "$$", "~", "'", "/ü", "!", ";", ","]
        ),
        max_size=8,
    ).map(lambda parts: "/".join(["", *parts]) if parts else ""),
)
REQUIREMENTS = st.sampled_from(
    [
        *(
            "boto3",
            "my-sdk",
            "Looker_SDK",
            "zope.interface",
            "boto3[crt]>=1.34,<2",
            "a",
            "2captcha",
            "class",
            "a" * 60 + ">=1,<2",
        ),
        *(
            'x; python_version < "3.12"',
            "x; sys_platform == 'it\"s'",
            "x ; extra == 'a' and (os_name != 'nt')",
            "x>=1,!=1.5",
        ),
    ]
)
IMAGES = st.sampled_from(
    ["", "img", "clickhouse/clickhouse-server:24.8", "r.example.com:5000/a/b__c@sha256:" + "0" * 64]
)
PATHS = st.from_regex(r"(/[A-Za-z0-9_.~-]{1,12}){1,4}", fullmatch=True).map(lambda path: path[:60].rstrip("/"))
PARAMETERS = st.from_regex(r"[A-Za-z0-9_.$\[\]-]{1,60}", fullmatch=True)
FIELDS = st.from_regex(r"[A-Za-z0-9_$@-]{1,9}(\.[A-Za-z0-9_$@-]{1,9}){0,4}|[a-z_.-]{50}", fullmatch=True).filter(
    lambda path: path.count(".") < 5 and all(path.split("."))
)


def _value(text: str) -> str:
    """A text as an option can have it: without what is more than text in a workflow."""
    text = text.replace("$", "§").replace(":", ";")[:60].strip()
    while len(ascii(text).replace("\\", "\\\\")) > 60:
        text = text[:-5].strip()
    return _seen(text or "x").strip()


@st.composite
def own_options(draw: st.DrawFn) -> str:
    """Options of the author's own that have to be taken, as YAML."""
    names = ["tenant", "page_limit", "baseFolder", "v2_key", "aURL", "a" * 30]
    found: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(names), unique=True, max_size=4)):
        kind = draw(st.sampled_from(["string", "integer", "number", "boolean", "url", "secret", "choices"]))
        values = {
            "string": lines(60).map(_value),
            "integer": st.integers(-(2**31), 2**31 - 1),
            "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9),
            "boolean": st.booleans(),
            "url": URLS.filter(lambda url: not re.search(r"[^ -~]|[$@;\[]", url) and len(url) <= 60),
        }
        one: dict[str, Any] = {"title": lines(60), "description": lines(512), "required": st.booleans()}
        one = {key: draw(strategy) for key, strategy in one.items() if draw(st.booleans())}
        if kind == "choices":
            one["choices"] = draw(st.lists(values["string"], min_size=2, max_size=9, unique=True))
            values[kind] = st.sampled_from(one["choices"])
        elif kind == "secret":
            one["secret"] = True
        else:
            one["type"] = kind
        if kind in values:
            keys = ["example", *([] if one.get("required") else ["default"])]
            one |= {key: draw(values[kind]) for key in keys if draw(st.booleans())}
        found[name] = one
    return yaml.safe_dump(found, allow_unicode=draw(st.booleans()), sort_keys=False) if found else ""


# What stands behind an endpoint, where no comma begins another one, and what stands before it.
COMMENTS = st.builds(
    "{}{}".format,
    st.sampled_from([" \u2014 ", "\u2014", " \u2013 ", " - ", " # "]),
    _joined(st.one_of(SOME, PLAIN), 60).map(lambda text: re.sub("[,;]", "", text)),
)
SEPARATORS = st.sampled_from([", ", ",", "\n", ";", "\r\n- ", ",\n* "])


def _endpoints(service_type: str, connection_type: str, capabilities: list[str]) -> st.SearchStrategy[str]:
    """Endpoints of some of what a service type reads, each of which has to be taken."""
    known = CATALOG.services[service_type].get("resources", {})
    known = known if connection_type != "sqlalchemy" else {}
    listed = [name for name, facts in known.items() if facts.get("capability") in (None, *capabilities)]
    if not listed:
        return st.just("")

    @st.composite
    def endpoint(draw: st.DrawFn, name: str, *, shows_one: bool) -> str:
        facts = known[name]
        parents = facts.get("parents", [])
        deep = draw(st.integers(1 if facts.get("nested") else 0, len(parents)))
        place = st.sampled_from(["{id}", "<id>", ":id", "{a.b}"])
        above = "".join(f"/{known[parent]['nouns'][0]}/{draw(place)}" for parent in parents[len(parents) - deep :])
        start = draw(st.sampled_from(["", "/v1", "/(x)", "/$y", "/*", f"/{'a' * 20}"]))
        # A noun may be that of a parent's neighbour, too: what is right above it tells them apart.
        noun = draw(st.sampled_from(facts["nouns"])) if deep == len(parents) else facts["nouns"][0]
        end = draw(place) if shows_one else draw(st.sampled_from(["", "/", "?a=b", "?a=%20&c=(d)"]))
        method = draw(st.sampled_from(["", "GET ", "get "]))
        return f"{method}{start}{above}/{noun}{'/' * shows_one}{end}" + draw(st.one_of(st.just(""), COMMENTS))

    @st.composite
    def some(draw: st.DrawFn) -> str:
        names = draw(st.lists(st.sampled_from(listed), unique=True, max_size=5))
        text = ""
        for name in names:
            for shows_one in draw(st.sampled_from([[False], [False], [False, True]])):
                if shows_one and connection_type == "sdk_client":
                    continue
                one = draw(endpoint(name, shows_one=shows_one))
                text += (draw(SEPARATORS) if text else "") + one
        return text

    return some()


def _some(choices: str, smallest: int = 0) -> st.SearchStrategy[list[str]]:
    """Some of the choices that are not refused, in any order."""
    return st.lists(st.sampled_from(accepted(choices)), unique=True, min_size=smallest, max_size=6)


@st.composite
def fine(draw: st.DrawFn, service_type: str) -> Answers:
    """Answers that have to be taken: each of them could be meant."""
    data: Answers = {"name": draw(CONNECTORS), "service_type": service_type}
    connection_type = draw(st.sampled_from(accepted(CHOICES.connection_types("connector", service_type))))
    data["connection_type"] = connection_type
    data["placement"] = draw(st.sampled_from(accepted(CHOICES.placements("connector", service_type))))
    scheme = ""
    maybe: dict[str, st.SearchStrategy[Any]] = {
        "type_name": TYPES,
        "display_name": lines(100),
        "description": lines(512),
        "docs_url": URLS,
        "docs_notes": NOTES,
        "options": own_options(),
    }
    if connection_type == "sqlalchemy":
        scheme = data["scheme"] = draw(st.sampled_from(SCHEMES))
        maybe["namespace"] = st.sampled_from(accepted(CHOICES.namespaces(service_type, scheme)))
    if connection_type == "rest_api":
        maybe["api_prefix"] = st.one_of(st.just(""), PATHS)
        maybe["records_path"] = st.one_of(st.just(""), FIELDS)
        pagination = data["pagination"] = draw(st.sampled_from(accepted(CHOICES.paginations(connection_type))))
        if CHOICES.pages(pagination, "page_parameter"):
            maybe["page_parameter"] = PARAMETERS
        if CHOICES.pages(pagination, "size_parameter"):
            maybe |= {"size_parameter": PARAMETERS, "page_size": st.integers(1, 100_000)}
        if CHOICES.pages(pagination, "next_field"):
            maybe["next_field"] = FIELDS
    maybe["sdk_package"] = REQUIREMENTS
    data["capabilities"] = draw(_some(CHOICES.capabilities(service_type, connection_type, scheme)))
    if connection_type != "sqlalchemy":
        maybe["api_endpoints"] = _endpoints(service_type, connection_type, data["capabilities"])
    if CHOICES.can_log_in(scheme):
        maybe["auth_types"] = _some(CHOICES.auth_types(connection_type, scheme), 1)
        maybe["default_port"] = PORTS
    if CHOICES.has_address(scheme):
        image = data["docker_image"] = draw(IMAGES)
        if image:
            maybe["docker_port"] = PORTS
    return data | {name: draw(strategy) for name, strategy in maybe.items() if draw(st.booleans())}


@st.composite
def fine_plugin(draw: st.DrawFn, kind: str) -> Answers:
    """Answers for what is no connector that have to be taken."""
    facts = CATALOG.kinds[kind]
    data: Answers = {"kind": kind, "name": draw(CONNECTORS)}
    maybe: dict[str, st.SearchStrategy[Any]] = {"display_name": lines(100), "description": lines(512)}
    if facts.get("source"):
        maybe["options"] = own_options()
        data["service_type"] = draw(st.sampled_from(accepted(CHOICES.service_types(kind))))
    if "question" in facts:
        one, asked = st.sampled_from(accepted(CHOICES.variants(kind))), facts["question"]
        several = _questions(kind)[asked].get("multiselect")
        maybe[asked] = st.lists(one, unique=True, min_size=1) if several else one
    return data | {name: draw(strategy) for name, strategy in maybe.items() if draw(st.booleans())}


@st.composite
def any_plugin(draw: st.DrawFn, kind: str) -> tuple[Answers, bool]:
    """Answers for what is no connector, and whether they have to be taken: in half of them, some are anything."""
    data = draw(fine_plugin(kind))
    if draw(st.booleans()):
        return data, True
    questions = _questions(kind)
    for name in draw(st.lists(st.sampled_from(list(questions)), unique=True, min_size=1, max_size=3)):
        data[name] = draw(st.lists(TEXTS, max_size=3) if questions[name].get("multiselect") else ANYTHING)
    return data, False


@cache
def _questions(kind: str) -> dict[str, Any]:
    """The questions of a kind, but for that of the kind itself."""
    files = [ROOT / f"questions/{topic}.yml" for topic in CATALOG.kinds[kind]["questions"]]
    asked = {name: facts for file in files for name, facts in yaml.safe_load(file.read_text(encoding="utf-8")).items()}
    del asked["kind"]
    return asked


QUESTIONS = [
    *("name", "service_type", "placement", "connection_type", "type_name", "display_name", "description", "scheme"),
    *("default_port", "namespace", "auth_types", "api_endpoints", "api_prefix", "pagination", "page_parameter"),
    *("size_parameter", "page_size", "next_field", "records_path", "capabilities", "docs_url", "sdk_package"),
    *("docs_notes", "docker_image", "docker_port", "options"),
]


@st.composite
def any_answers(draw: st.DrawFn, service_type: str) -> tuple[Answers, bool]:
    """Answers, and whether they have to be taken: in half of them, up to three are anything at all."""
    data = draw(fine(service_type))
    if draw(st.booleans()):
        return data, True
    for name in draw(st.lists(st.sampled_from(QUESTIONS), unique=True, min_size=1, max_size=3)):
        several = name in ("auth_types", "capabilities")
        data[name] = draw(st.lists(TEXTS, max_size=3) if several else ANYTHING)
    return data, False
