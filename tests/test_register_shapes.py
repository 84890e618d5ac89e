"""Files that people and their tools have changed are edited right, or left alone with a line that says what to do."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks import register
from tests.support import typescript
from tests.support.checkout import FACTORY, connections, write_registry
from tests.support.registration import (
    CONSTANTS,
    ICONS,
    LOADER,
    SCHEMA,
    SETUP,
    contribution,
    entered,
    is_within,
    run,
)


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def tabs(text: str) -> str:
    return "\n".join("\t" * ((len(line) - len(line.lstrip())) // 2) + line.lstrip() for line in text.split("\n"))


def minified(text: str) -> str:
    return json.dumps(json.loads(text), separators=(",", ":"))


def sorted_json(text: str) -> str:
    data = json.loads(text)
    for values in (data["definitions"]["databaseServiceType"]["enum"],):
        values.sort(key=str.lower)
    return json.dumps(data, indent=4, sort_keys=True)


def switched(*cases: str) -> str:
    return (
        "import mysqlConnection from '../jsons/connectionSchemas/connections/database/mysqlConnection.json';\n"
        "import { DatabaseServiceType } from '../generated/entity/services/databaseService';\n"
        "export const getConfig = (type: DatabaseServiceType) => {\n  let schema = {};\n  switch (type) {\n"
        + "".join(cases)
        + "  }\n  return schema;\n};\n"
    )


# What people and their tools have made of a file, and what stands in it after a registration.
CHANGED: dict[str, tuple[Path, Callable[[str], str], str]] = {
    "schema with Windows line ends": (SCHEMA, crlf, '        "MyDb"'),
    "schema with tabs": (SCHEMA, tabs, '\t\t\t\t"MyDb"'),
    "schema on one line": (SCHEMA, minified, '{"name":"MyDb"}'),
    "schema sorted, with four blanks": (SCHEMA, sorted_json, '\n                "MyDb",\n                "Mysql"'),
    "schema with a byte-order mark": (SCHEMA, lambda text: f"\ufeff{text}", '"MyDb"'),
    "types on lines of their own, one object a line": (
        SCHEMA,
        lambda text: re.sub(r'\{\s*"name": ("\w+")\s*\}', r'{ "name": \1 }', text),
        '\n        { "name": "MyDb" }',
    ),
    "loaders in the reverse order": (
        LOADER,
        lambda text: re.sub(
            r"(?<=> = \{\n).*?(?=\n\};)", lambda match: "\n".join(reversed(entries(match[0]))), text, flags=re.DOTALL
        ),
        "[DatabaseServiceType.MyDB]",
    ),
    "loaders with tabs": (LOADER, tabs, "\n\t[DatabaseServiceType.MyDB]: () =>\n\t\t"),
    "loaders with Windows line ends": (LOADER, crlf, "[DatabaseServiceType.MyDB]: () =>\r\n"),
    "brackets in comments and strings": (
        LOADER,
        lambda text: text.replace("> = {\n", "> = {\n  // } is not the end, nor is /* this\n").replace(
            "export", "export const BRACE = '}{' + \"]\";\nexport", 1
        ),
        "[DatabaseServiceType.MyDB]",
    ),
    "cases without braces": (
        LOADER,
        lambda _: switched("    case DatabaseServiceType.Mysql:\n      schema = mysqlConnection;\n      break;\n"),
        "    case DatabaseServiceType.MyDB:\n      schema = myDbConnection;\n\n      break;\n",
    ),
    "cases that share their statements": (
        LOADER,
        lambda _: switched(
            "    case DatabaseServiceType.MariaDB:\n    case DatabaseServiceType.Mysql: {\n"
            "      schema = mysqlConnection;\n      break;\n    }\n    default:\n      break;\n"
        ),
        "      break;\n    }\n    case DatabaseServiceType.MyDB: {\n",
    ),
    "icons without headings": (ICONS, lambda text: re.sub(r"\n *// .*", "", text), "\n  mydb: myDbIcon,\n"),
    "icons sorted by hand, the last one without a comma": (
        ICONS,
        lambda text: text.replace("topicservice: topicdefault,\n}", "topicservice: topicdefault // the last\n}"),
        "  mydb: myDbIcon,\n",
    ),
    "new connectors on one line": (
        CONSTANTS,
        lambda text: re.sub(
            r"BETA_SERVICES = \[.*?\];", "BETA_SERVICES = [DatabaseServiceType.Ssas];", text, flags=re.S
        ),
        "[DatabaseServiceType.MyDB, DatabaseServiceType.Ssas]",
    ),
    "converters on one line": (
        FACTORY,
        lambda text: re.sub(r",\s+Map", ", Map", re.sub(r"\(\s+Map", "(Map", text)),
        ", Map.entry(MyDbConnection.class, new MyDbConnectionClassConverter())",
    ),
    "converters with Windows line ends": (FACTORY, crlf, "MyDbConnectionClassConverter())"),
    "extras in single quotes, without an annotation": (
        SETUP,
        lambda text: (
            re.sub(r"plugins: .*? = ", "plugins=", text).replace('"atlas"', "'atlas'").replace('"mysql"', "'mysql'")
        ),
        '    "mydb": {"my_db-driver~=1.0"},\n    \'mysql\'',
    ),
}


def entries(body: str) -> list[str]:
    """The entries of a map of loaders, each with its lines."""
    return [f"  [{entry}".rstrip() for entry in body.split("  [")[1:]]


@pytest.fixture(scope="session")
def plain(real: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that know connectors, in one shape."""
    return write_registry(tmp_path_factory.mktemp("plain"), real)


def changed(plain: Path, into: Path, case: str) -> tuple[str, str]:
    """A changed file, before and after a registration in a copy of the checkout."""
    file, change, _ = CHANGED[case]
    shutil.copytree(plain, into)
    with entered(into):
        before = change(file.read_text())
        file.write_bytes(before.encode())
        run(contribution("my_db"))
        return before, file.read_bytes().decode()


@pytest.mark.parametrize("case", CHANGED)
def test_file_changed_by_hand_is_edited_right(plain: Path, tmp_path: Path, case: str) -> None:
    before, after = changed(plain, tmp_path / "checkout", case)
    file, _, expected = CHANGED[case]
    assert expected in after
    assert is_within(before, after)
    assert ("\r\n" in before) == ("\r\n" in after)
    assert "\r\n" not in after or "\n" not in after.replace("\r\n", "")
    if file.suffix == ".json":
        assert "myDbConnection" in connections(json.loads(after.removeprefix("\ufeff")))
    elif file.suffix == ".py":
        compile(after, file.name, "exec")
    with entered(tmp_path / "checkout"):
        run(contribution("my_db"))
        assert file.read_bytes().decode() == after


# What can't be edited without guessing, and what is said of it.
LEFT: dict[str, tuple[Path, Callable[[str], str | bytes], str]] = {
    "types made in another way": (
        SCHEMA,
        lambda text: text.replace('"enum"', '"anyOf"'),
        "has no list or object 'enum'",
    ),
    "conflict in the schema": (
        SCHEMA,
        lambda text: text.replace('        "Mysql",\n', '<<<<<<< ours\n        "Mysql",\n=======\n>>>>>>> theirs\n', 1),
        "it can't be read: ",
    ),
    "entries that say more": (
        SCHEMA,
        lambda text: re.sub(r'"name": ("\w+")', r'"name": \1, "order": 1', text),
        "its entries have more to them",
    ),
    "the same name in another case": (
        SCHEMA,
        lambda text: text.replace('"Mysql"', '"MYDB"'),
        "it has MYDB, which differs",
    ),
    "loaders made by a function": (LOADER, lambda _: "export const loaders = makeLoaders();\n", "it has no `[Database"),
    "loaders with a bracket too many": (LOADER, lambda text: text.replace("]: () =>", "]: ( =>", 1), "is not closed"),
    "icons that are loaded late": (
        ICONS,
        lambda text: re.sub(r"^(  \w+): (\w+),$", r"\1: () => import('\2'),", text, flags=re.MULTILINE),
        "its list has no entry to go by",
    ),
    "no list of new connectors": (
        CONSTANTS,
        lambda text: text.replace("BETA_SERVICES", "NEW"),
        "it has no `BETA_SERVICES`",
    ),
    "converters found by reflection": (
        FACTORY,
        lambda text: text.replace("ofEntries", "of"),
        "it has no `Map.ofEntries(`",
    ),
    "setup.py that is no Python": (SETUP, lambda text: text + "def (:\n", "it can't be read: invalid syntax"),
    "setup.py in another encoding": (SETUP, lambda text: f"# Köln\n{text}".encode("latin-1"), "it is not UTF-8"),
    "empty file": (ICONS, lambda _: "", "it has no line like `import myDbIcon"),
}


@pytest.mark.parametrize("case", LEFT)
def test_file_that_is_not_as_known_is_left_alone_with_a_line(
    plain: Path, tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, change, said = LEFT[case]
    shutil.copytree(plain, tmp_path / "checkout")
    with entered(tmp_path / "checkout"):
        made = change(file.read_text())
        before = made if isinstance(made, bytes) else made.encode()
        file.write_bytes(before)
        run(contribution("my_db"))
        assert file.read_bytes() == before
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{file.as_posix()}: ")
    assert said in line
    assert " by hand: `" in line


def test_file_that_is_not_there_is_named_with_what_goes_into_it(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(plain, tmp_path / "checkout")
    with entered(tmp_path / "checkout"):
        ICONS.unlink()
        run(contribution("my_db"))
        assert not ICONS.exists()
    assert capsys.readouterr().err == (
        f"{ICONS.as_posix()}: it is not there; add the icon by hand: "
        "`import myDbIcon from '../assets/img/service-icon-mydb.svg';`, `mydb: myDbIcon`\n"
    )


def test_link_out_of_the_checkout_is_not_followed(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(plain, tmp_path / "checkout")
    outside = tmp_path / "setup.py"
    with entered(tmp_path / "checkout"):
        SETUP.rename(outside)
        SETUP.symlink_to(outside)
        before = outside.read_bytes()
        run(contribution("my_db"))
    assert outside.read_bytes() == before
    assert "it leads out of the checkout" in capsys.readouterr().err


def test_converter_that_is_no_longer_needed_is_named(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Answers may lose their auth types: an update takes the converter's file away, a person its entry."""
    shutil.copytree(plain, tmp_path / "checkout")
    connector = contribution("my_db")
    with entered(tmp_path / "checkout"):
        run(connector)
        before = FACTORY.read_text()
        connector.converter.unlink()
        names = [connector.service_type, connector.name, connector.type_name, connector.camel, connector.module]
        capsys.readouterr()
        register.main(["copy", *names, connector.member, connector.display_name, "[]"])
        assert FACTORY.read_text() == before
    assert (
        capsys.readouterr().err == f"{FACTORY.as_posix()}: the converter is of no use any more; take it out by hand\n"
    )


def test_changed_typescript_still_parses(plain: Path, node: Path, tmp_path: Path) -> None:
    files = []
    for number, case in enumerate(name for name, (file, *_) in CHANGED.items() if file.suffix == ".ts"):
        files.append(tmp_path / f"{number}.ts")
        files[-1].write_bytes(changed(plain, tmp_path / str(number), case)[1].encode())
    assert typescript.parse(node, files) == []
