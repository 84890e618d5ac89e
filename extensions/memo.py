"""Keeps compiled Jinja strings, because Copier compiles the same ones again and again.

Copier renders each part of each path, and each string of each question several times,
from source; compiling them took two thirds of a scaffold's time.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment


class MemoExtension(Extension):
    """Compiles each source once per environment."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        # mypy can't see that a cached function fits the overloads of the one it wraps.
        environment.compile = cache(environment.compile)  # type: ignore[method-assign,assignment]
