"""The options: where their values come from, what is said of a wrong one, and that README.md has each."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from package import MANIFEST, ROOT

PLUGIN = MANIFEST["plugin"]
SETTINGS = getattr(importlib.import_module(f"{PLUGIN['package']}.settings"), PLUGIN["settings"])
OPTIONS = importlib.import_module(f"{PLUGIN['package']}.options")


def names(model: Any) -> Iterator[str]:
    """The names of the options of a model, and of those within each of them."""
    for name, field in model.model_fields.items():
        yield field.alias or name
        for nested in OPTIONS.models_in(field.annotation):
            yield from names(nested)


def test_every_option_is_documented() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in names(SETTINGS) if f"`{name}`" not in text and f".{name}`" not in text] == []


def test_config_of_the_tests_is_understood(config: dict[str, Any]) -> None:
    assert isinstance(SETTINGS.from_config(config), SETTINGS)


def test_unknown_option_is_named(config: dict[str, Any]) -> None:
    with pytest.raises(OPTIONS.SettingsError, match=r"^config\.bacthSize is unknown; the options are "):
        SETTINGS.from_config(config | {"bacthSize": 1})


def test_pattern_that_is_none_is_named(config: dict[str, Any]) -> None:
    with pytest.raises(OPTIONS.SettingsError, match=r"^config\.selection: '\(' is no regular expression: "):
        SETTINGS.from_config(config | {"selection": {"includes": ["("]}})


def test_names_are_selected_by_patterns() -> None:
    selection = OPTIONS.FilterPattern(includes=["shop\\..*"], excludes=[".*\\.tmp_"])
    taken = [
        name for name in ("shop.orders", "shop.tmp_orders", "bank.accounts") if OPTIONS.is_selected(selection, name)
    ]
    assert taken == ["shop.orders"]


def test_secret_comes_from_where_it_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOME_SECRET", "from the environment")
    (tmp_path / "secret").write_text("from a file\n")
    assert OPTIONS.resolved("env:SOME_SECRET") == "from the environment"
    assert OPTIONS.resolved(f"file:{tmp_path}/secret") == "from a file"
    assert OPTIONS.resolved("as it is") == "as it is"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("env:NOT_SET_ANYWHERE", "the environment variable NOT_SET_ANYWHERE is not set"),
        ("env:", "env: takes the name of an environment variable"),
        ("file:secret", "file: takes an absolute path"),
        ("file:/nowhere/secret", "/nowhere/secret can't be read: No such file or directory"),
    ],
)
def test_secret_that_is_not_there_is_said(value: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        OPTIONS.resolved(value)
