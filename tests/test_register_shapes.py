"""Files that people and their tools have changed are edited right, or left alone with a line that says what to do."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from contextlib import chdir
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
    "one entry that says more": (
        SCHEMA,
        lambda text: re.sub(r'("\$ref": "[^"]*hiveConnection.json")', r'\1, "title": "Hive"', text),
        '{\n              "$ref": "./connections/database/myDbConnection.json"\n            }',
    ),
    "forms that are loaded in the same way, above": (
        LOADER,
        lambda text: text.replace(
            "type SchemaLoader",
            "const FORMS = {\n  [DatabaseServiceType.Athena]: () => import('../components/Athena'),\n};\n\n"
            "export const isOld = (type: DatabaseServiceType) => [DatabaseServiceType.Athena].includes(type);\n"
            "type SchemaLoader",
            1,
        ),
        "connectionSchemas/connections/database/myDbConnection.json'",
    ),
    "cases that end with a property called default": (
        LOADER,
        lambda _: switched(
            "    case DatabaseServiceType.Mssql:\n      schema = mysqlConnection.default;\n      break;\n",
            "    default:\n      break;\n",
        ),
        "mysqlConnection.default;\n      break;\n    case DatabaseServiceType.MyDB:",
    ),
    "icon's import commented out": (
        ICONS,
        lambda text: f"// import myDbIcon from '../assets/img/old.svg';\n{text}",
        "\nimport myDbIcon from '../assets/img/service-icon-mydb.svg';\n",
    ),
    "imports with comments behind them": (
        ICONS,
        lambda text: re.sub(r"(from '.*?';)", r"\1 // eslint-disable-line", text),
        "// eslint-disable-line\nimport myDbIcon from '../assets/img/service-icon-mydb.svg';\n",
    ),
    "no semicolons": (ICONS, lambda text: text.replace(";", ""), "\nimport myDbIcon from '../assets/img/service"),
    "the name of the icons above another map": (
        ICONS,
        lambda text: text.replace(
            "const SERVICE_ICON_LOADERS",
            "type Known = keyof typeof SERVICE_ICON_LOADERS;\nconst DEFAULTS = {\n  logo: logo,\n};\n\n"
            "const SERVICE_ICON_LOADERS",
            1,
        ),
        "DEFAULTS = {\n  logo: logo,\n};",
    ),
    "the list of new connectors used above another list": (
        CONSTANTS,
        lambda text: text.replace(
            "export const BETA",
            "export const isNew = (type: string) => BETA_SERVICES.includes(type);\n"
            "export const EXCLUDED = [\n  DatabaseServiceType.Ssas,\n];\n\nexport const BETA",
            1,
        ),
        "DashboardServiceType.Hex,\n  DatabaseServiceType.MyDB,\n",
    ),
    "comment above the first new connector": (
        CONSTANTS,
        lambda text: (
            text.replace("  PipelineServiceType.Ssis,", "  // since 1.4\n  PipelineServiceType.Ssis,")
            .replace("  DashboardServiceType.Hex,\n", "")
            .replace("  DatabaseServiceType.Ssas,\n", "")
        ),
        "[\n  DatabaseServiceType.MyDB,\n  // since 1.4\n  PipelineServiceType.Ssis,",
    ),
    "another map of entries above the converters": (
        FACTORY,
        lambda text: text.replace(
            "  private static final",
            "  private static final Map<Class<?>, String> NAMES =\n"
            '      Map.ofEntries(Map.entry(LookerConnection.class, "Looker"));\n\n'
            '  private static final String TEXT =\n      """\n      Map.ofEntries(\n      """;\n\n'
            "  private static final",
            1,
        ),
        "            Map.entry(MyDbConnection.class, new MyDbConnectionClassConverter())",
    ),
    "converters with tabs": (
        FACTORY,
        tabs,
        "\n\t\t\t\t\t\tMap.entry(MyDbConnection.class, new MyDbConnectionClassConverter())",
    ),
    "plugins as a parameter above another map": (
        SETUP,
        lambda text: text.replace(
            "plugins: Dict", 'def names(plugins):\n    found = {"a": 1}\n    return found\n\n\nplugins: Dict', 1
        ),
        'found = {"a": 1}\n',
    ),
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
    with chdir(into):
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
    with chdir(tmp_path / "checkout"):
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
    "one object with the same key twice": (
        SCHEMA,
        lambda text: text.replace('"enum": [', '"enum": [], "enum": [', 1),
        "it has 'enum' twice in one object",
    ),
    "schema that is only a bracket": (SCHEMA, lambda _: "]", "a bracket is not closed"),
    "new connectors in a set, above another list": (
        CONSTANTS,
        lambda text: text.replace("BETA_SERVICES = [", "BETA_SERVICES = new Set([", 1).replace(
            "];", "]);\nexport const EXCLUDED = [\n  DatabaseServiceType.Ssas,\n];", 1
        ),
        "it has no `BETA_SERVICES = [`",
    ),
    "new connectors of types that are not imported": (
        CONSTANTS,
        lambda text: text.replace("import { DatabaseServiceType }", "import { Other }"),
        "it does not import DatabaseServiceType",
    ),
    "cases that go on into the next": (
        LOADER,
        lambda _: switched(
            "    case DatabaseServiceType.Mssql:\n      schema = mysqlConnection;\n"
            "    case DatabaseServiceType.Oracle:\n      schema = mysqlConnection;\n      break;\n"
        ),
        "its switch has a case that goes on into the next one",
    ),
    "two maps of loaders": (
        LOADER,
        lambda text: (
            text + text[text.index("const database") : text.index("export")].replace("const database", "const old")
        ),
        "it has several lists that may be meant",
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
        "it has no `BETA_SERVICES = [`",
    ),
    "converters found by reflection": (
        FACTORY,
        lambda text: text.replace("ofEntries", "of"),
        "it has no `Map.ofEntries(`",
    ),
    "setup.py that is no Python": (SETUP, lambda text: text + "def (:\n", "it can't be read: invalid syntax"),
    "setup.py in another encoding": (SETUP, lambda text: f"# Köln\n{text}".encode("latin-1"), "it is not UTF-8"),
    "empty file": (ICONS, lambda _: "", "it has no `SERVICE_ICON_LOADERS = {`"),
}


@pytest.mark.parametrize("case", LEFT)
def test_file_that_is_not_as_known_is_left_alone_with_a_line(
    plain: Path, tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, change, said = LEFT[case]
    shutil.copytree(plain, tmp_path / "checkout")
    with chdir(tmp_path / "checkout"):
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
    with chdir(tmp_path / "checkout"):
        ICONS.unlink()
        run(contribution("my_db"))
        assert not ICONS.exists()
    assert capsys.readouterr().err == (
        f"{ICONS.as_posix()}: it is not there; add the icon by hand: "
        "`import myDbIcon from '../assets/img/service-icon-mydb.svg';`, `mydb: myDbIcon`\n"
    )


def test_link_within_the_checkout_is_edited_where_it_leads(plain: Path, tmp_path: Path) -> None:
    shutil.copytree(plain, tmp_path / "checkout")
    with chdir(tmp_path / "checkout"):
        SETUP.rename("ingestion/extras.py")
        SETUP.symlink_to("extras.py")
        Path("ingestion/extras.py").chmod(0o640)
        before = {path.name for path in Path("ingestion").iterdir()}
        run(contribution("my_db"))
        assert SETUP.is_symlink()
        assert '"mydb"' in Path("ingestion/extras.py").read_text()
        assert Path("ingestion/extras.py").stat().st_mode & 0o777 == 0o640
        assert {path.name for path in Path("ingestion").iterdir()} == before


def test_entry_of_a_persons_own_is_enough(plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Someone who takes another icon, or a converter of another name, is not given what theirs does not need."""
    shutil.copytree(plain, tmp_path / "checkout")
    with chdir(tmp_path / "checkout"):
        ICONS.write_text(ICONS.read_text().replace("  topicservice:", "  mydb: logo,\n  topicservice:"))
        before = ICONS.read_text()
        run(contribution("my_db"))
        assert ICONS.read_text() == before
    assert capsys.readouterr().err == ""


def test_name_that_people_read_is_told_when_it_differs(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A display name that is answered later is added; one that is there is a person's to change."""
    shutil.copytree(plain, tmp_path / "checkout")
    with chdir(tmp_path / "checkout"):
        run(contribution("my_db"))
        run(contribution("my_db", display_name="My DB"))
        assert "[DatabaseServiceType.MyDB, 'My DB']," in CONSTANTS.read_text()
        run(contribution("my_db2", display_name="A name that does not fit on one line of " + "x" * 40))
        capsys.readouterr()
        run(contribution("my_db2", display_name="A name that does not fit on one line of " + "x" * 40))
        assert capsys.readouterr() == ("", "")
        before = CONSTANTS.read_text()
        run(contribution("my_db", display_name="Another"))
        assert CONSTANTS.read_text() == before
    assert capsys.readouterr().out == (
        f"{CONSTANTS.as_posix()}: it has another name than [DatabaseServiceType.MyDB, 'Another']; change it by hand\n"
    )


def test_patch_of_somebody_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    patch = tmp_path / "register-my_db.patch"
    with chdir(tmp_path):
        patch.write_text("mine\n")
        run(contribution("my_db"))
        assert patch.read_text() == "mine\n"
        assert "it is not this template's" in capsys.readouterr().err
        patch.unlink()
        patch.mkdir()
        run(contribution("my_db"))
    assert "it can't be written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [patch]


def test_update_says_nothing_of_the_patch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Copier runs the task in folders of its own, too."""
    with chdir(tmp_path):
        run(contribution("my_db"), operation="update")
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "register-my_db.patch").is_file()


def test_link_out_of_the_checkout_is_not_followed(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(plain, tmp_path / "checkout")
    outside = tmp_path / "setup.py"
    with chdir(tmp_path / "checkout"):
        SETUP.rename(outside)
        SETUP.symlink_to(outside)
        before = outside.read_bytes()
        run(contribution("my_db"))
    assert outside.read_bytes() == before
    assert "it leads out of the checkout" in capsys.readouterr().err


def test_patch_does_not_follow_a_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder").mkdir()
    with chdir(tmp_path / "folder"):
        Path("register-my_db.patch").symlink_to(tmp_path / "outside")
        run(contribution("my_db"))
    assert not (tmp_path / "outside").exists()
    assert capsys.readouterr().err.startswith("register-my_db.patch: it is not this template's; move it away")


def test_converter_that_is_no_longer_needed_is_named(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Answers may lose their auth types: an update takes the converter's file away, a person its entry."""
    shutil.copytree(plain, tmp_path / "checkout")
    connector = contribution("my_db")
    with chdir(tmp_path / "checkout"):
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
