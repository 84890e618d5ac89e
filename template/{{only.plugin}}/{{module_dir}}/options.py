"""How options are read: secrets from where they say, names by patterns, and one line for what is wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

from metadata.generated.schema.type.filterPattern import FilterPattern
from metadata.utils.filters import filter_by_fqn
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr, ValidationError
from typing_extensions import Self


class SettingsError(ValueError):
    """An option is missing or wrong. The message is one line that names it, and never its value."""


class Settings(BaseModel):
    """What a group of options is made from. An option that there is not is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def from_config(cls, config: Mapping[str, Any] | None) -> Self:
        """The settings that a `config` describes. Raises SettingsError."""
        try:
            return cls.model_validate(dict(config or {}))
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, ("config", *fault["loc"])))
            if fault["type"] == "extra_forbidden":
                known = cls._options_beside(fault["loc"])
                raise SettingsError(f"{place} is unknown; the options are {', '.join(known)}") from None
            said = fault["msg"].removeprefix("Value error, ")
            raise SettingsError(f"{place}: {said[0].lower()}{said[1:]}") from None

    @classmethod
    def _options_beside(cls, place: tuple[int | str, ...]) -> list[str]:
        """The names of the options where an unknown one is."""
        models: list[Any] = [cls]
        for name in place[:-1]:
            fields = [model.model_fields[name] for model in models if name in model.model_fields]
            # The key of a map leads to no field.
            models = [model for field in fields for model in models_in(field.annotation)] or models
        return list(dict.fromkeys(name for model in models for name in model.model_fields))


def models_in(annotation: Any) -> list[Any]:
    """The models in the type of a field: itself, what a map or a list holds, each that it may be."""
    if hasattr(annotation, "model_fields"):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


def resolved(value: Any) -> Any:
    """A text from where env:NAME or file:PATH says, and any other value as it is. Raises ValueError."""
    if not isinstance(value, str):
        return value
    kind, _, rest = value.partition(":")
    if kind == "env":
        if not rest.isidentifier():
            raise ValueError("env: takes the name of an environment variable")
        if rest not in os.environ:
            raise ValueError(f"the environment variable {rest} is not set")
        return os.environ[rest]
    if kind == "file":
        if not Path(rest).is_absolute():
            raise ValueError("file: takes an absolute path")
        try:
            return Path(rest).read_text(encoding="utf-8").rstrip("\n")
        except OSError as error:
            raise ValueError(f"{rest} can't be read: {error.strerror}") from error
        except UnicodeDecodeError:
            raise ValueError(f"{rest} is not a UTF-8 text file") from None
    return value


def _compiled(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    return pattern


def _all_compiled(selection: FilterPattern) -> FilterPattern:
    for pattern in (selection.includes or []) + (selection.excludes or []):
        _compiled(pattern)
    return selection


def is_selected(selection: FilterPattern, name: str) -> bool:
    """Whether a name begins with what one of the `includes` matches, if there are any, and with none of the `excludes`."""
    return not filter_by_fqn(selection, name)


# A text that no representation shows.
Secret = Annotated[SecretStr, BeforeValidator(resolved)]

# A regular expression.
Pattern = Annotated[str, AfterValidator(_compiled)]

# Regular expressions over fully qualified names: `includes` and `excludes`, as in the workflows of the framework.
Selection = Annotated[FilterPattern, AfterValidator(_all_compiled)]
