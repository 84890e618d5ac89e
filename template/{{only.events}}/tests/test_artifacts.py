"""What the package carries: a configuration that works as it is."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from package import ROOT
from receiving import PACKAGE

LOAD = importlib.import_module(f"{PACKAGE}.settings").load
ERROR = importlib.import_module(f"{PACKAGE}.options").SettingsError

CONFIG = ROOT / "config/receiver.yaml"


def test_shipped_configuration_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENMETADATA_WEBHOOK_SECRET", "the secret")
    for name in re.findall(r"env:(\w+)", CONFIG.read_text(encoding="utf-8")):
        monkeypatch.setenv(name, "http://localhost:8080/events")
    settings = LOAD(CONFIG)
    monkeypatch.chdir(tmp_path)
    assert settings.handlers
    for options in settings.handlers.values():
        options.open().close()


def test_secret_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENMETADATA_WEBHOOK_SECRET", raising=False)
    with pytest.raises(ERROR, match=r"^config\..*: the environment variable \w+ is not set$"):
        LOAD(CONFIG)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("handlers: [", " is not YAML: "),
        ("[" * 10_000, " is not YAML: it is nested too deeply"),
        ("begun: 2026-13-13", " is not YAML: month must be in 1..12"),
        ("handlers: {log: {type: fax}, log: {type: fax}}", " is not YAML: log is there twice"),
        ("- handlers", " is no map of options: begin with handlers:"),
        ("", " is no map of options: begin with handlers:"),
        ("handlers: {}", r"^config\.handlers: dictionary should have at least 1 item"),
        ("handlers: {log: {type: fax}}", r"^config\.handlers\.log.*: input "),
    ],
)
def test_wrong_configuration_is_said_in_a_line(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENMETADATA_WEBHOOK_SECRET", "the secret")
    file = tmp_path / "receiver.yaml"
    file.write_text(text)
    with pytest.raises(ERROR, match=said) as raised:
        LOAD(file)
    assert "\n" not in str(raised.value)


def test_configuration_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ERROR, match=r"receiver\.yaml can't be read: No such file or directory"):
        LOAD(tmp_path / "receiver.yaml")
