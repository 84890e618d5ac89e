"""Casing and quoting."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
import yaml

from extensions import naming


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("my_db", ["my", "db"]),
        ("my_db2", ["my", "db2"]),
        ("BigQuery", ["Big", "Query"]),
        ("HTTPServer", ["HTTP", "Server"]),
        ("S3Bucket", ["S3", "Bucket"]),
        ("db2", ["db2"]),
        ("My OLAP-DB", ["My", "OLAP", "DB"]),
        ("a1b2", ["a1", "b2"]),
    ],
)
def test_words_keep_acronyms_together_and_digits_with_their_word(name: str, words: list[str]) -> None:
    assert naming.words(name) == words


@pytest.mark.parametrize(
    ("function", "name", "cased"),
    [
        (naming.pascal, "my_db", "MyDb"),
        (naming.pascal, "clickhouse", "Clickhouse"),
        (naming.pascal, "db2_zos", "Db2Zos"),
        (naming.camel, "my_db", "myDb"),
        (naming.camel, "big_query_2", "bigQuery2"),
        (naming.constant, "my_db", "MY_DB"),
        (naming.module, "MyDb", "mydb"),
        (naming.package, "my_db", "openmetadata_my_db"),
    ],
)
def test_casing(function: object, name: str, cased: str) -> None:
    assert function(name) == cased  # type: ignore[operator]


def test_distribution_says_the_kind() -> None:
    assert naming.distribution("my_db", "connector") == "openmetadata-ingestion-connector-my-db"


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        'a "quoted" one',
        "back\\slash",
        "tab\tand\nline",
        "Größe ✓ 😀",
        "next line\x85separators\u2028\u2029",
        "delete\x7f",
        "'''",
        "${HOME} {{ x }}",
    ],
)
def test_quoted_text_reads_back_in_each_language(text: str) -> None:
    quoted = naming.quote(text)
    assert json.loads(quoted) == text
    assert yaml.safe_load(quoted) == text
    assert tomllib.loads(f"x = {quoted}")["x"] == text
    assert eval(quoted) == text


def test_fence_is_longer_than_any_in_the_text() -> None:
    fenced = naming.fenced("a\n````\nb")
    assert fenced.splitlines()[0] == "`````text"
    assert fenced.splitlines()[-1] == "`````"


def test_lines_in_a_fence_end_as_those_of_the_file() -> None:
    assert naming.fenced("a\r\nb\rc\n") == "```text\na\nb\nc\n```"


@pytest.mark.parametrize(
    ("text", "span"),
    [("gv$sql", "`gv$sql`"), ("`region-us`.JOBS", "`` `region-us`.JOBS ``"), ("a``b", "``` a``b ```")],
)
def test_code_span_keeps_backticks(text: str, span: str) -> None:
    assert naming.code_span(text) == span


# How a reader of Markdown reads text without markup: backslashes before punctuation, and character references.
READ = re.compile(r"\\([!-/:-@\[-`{-~])|&#(\d+);")


@pytest.mark.parametrize(
    "text",
    [
        "${a} {b} <c> `d` $$",
        "# Heading",
        "C #",
        "one ## ##",
        "- item",
        "12. item",
        "> quote",
        "import x from 'y'",
        "export default",
        "*a* _b_ __c__ [d](e) ~~f~~ | \\ \\{",
        "&amp; &#123; &",
        "```",
        "---",
    ],
)
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    written = naming.plain(text)
    assert READ.sub(lambda match: match[1] or chr(int(match[2])), written) == text
    assert not re.search(r"(?<!\\)[*\[|~]|[`{}<$]|&(?!#\d+;)(?=#?\w+;)|^([#>=+-]|\d+\.\s|import\s|export\s)", written)


@pytest.mark.parametrize("text", ["My OLAP DB", "my_db", "C# & Co.", "1.5 TB, a-b (c)", "Import of x", "AT&T"])
def test_plain_text_leaves_common_names_alone(text: str) -> None:
    assert naming.plain(text) == text


def test_prose_keeps_code_and_escapes_what_is_foreign_beside_it() -> None:
    assert naming.prose("A `{x}` of {y} in V_$z") == "A `{x}` of &#123;y&#125; in V_&#36;z"


def test_cell_has_no_border_in_it() -> None:
    assert naming.cell("a | b\n\\| `c|d`") == "a \\| b \\| `c\\|d`"


def test_link_ends_where_its_url_ends() -> None:
    assert naming.link("https://x.org/a(b)$$?c&lt;", "d") == "[d](https://x.org/a%28b%29%24%24?c&amp;lt;)"


@pytest.mark.parametrize(("items", "named"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_enumeration_ends_with_and(items: list[str], named: str) -> None:
    assert naming.enumeration(items) == named
