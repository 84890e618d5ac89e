"""Renders the whole template for many answers in one Jinja environment, a hundred times as fast as scaffolding.

Copier's own environment is used, with the template's extensions, and its rule for paths: each
part is rendered, and a file is left out where one part is empty. Questions are not asked: the
answers have to be complete, and valid. One test holds this against Copier itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from copier import Phase
from copier._main import Worker

from extensions.places import places

Answers = dict[str, Any]

# Every answer that a template reads, empty where a question is not asked.
EMPTY: Answers = {
    "kind": "connector",
    "name": "my_db",
    "service_type": "database",
    "placement": "package",
    "connection_type": "sqlalchemy",
    "type_name": "MyDb",
    "display_name": "My DB",
    "description": "A database.",
    "scheme": "",
    "default_port": "",
    "namespace": "",
    "auth_types": ["basic"],
    "api_key_in": "header",
    "api_key_name": "",
    "options": "",
    "capabilities": ["metadata"],
    "docs_url": "",
    "sdk_package": "",
    "api": "",
    "api_endpoints": "",
    "api_prefix": "",
    "pagination": "none",
    "page_parameter": "",
    "size_parameter": "",
    "page_size": 100,
    "next_field": "",
    "first_page": 1,
    "count_field": "",
    "more_field": "",
    "records_path": "",
    "docs_notes": "",
    "docker_image": "",
    "docker_port": "",
}


@cache
def alike() -> frozenset[str]:
    """The files that are copied as they are, so that all packages have the same."""
    root = Path(__file__).resolve().parents[2] / "template"
    found = (
        path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and path.suffix != ".jinja"
    )
    return frozenset(re.sub(r"{{only\.\w+}}/", "", path) for path in found if "__pycache__" not in path)


class Renderer:
    """Renders from a template folder; `files(answers)` maps each path to its text."""

    def __init__(self, template: Path) -> None:
        self._worker = Worker(
            src_path=str(template), dst_path=template / "nowhere", unsafe=True, quiet=True, defaults=True
        )
        self._environment = self._worker.jinja_env
        root = template / "template"
        self._sources = [path.relative_to(template) for path in sorted(root.rglob("*")) if path.is_file()]
        self._depth = len(root.relative_to(template).parts)
        self._template = template

    def files(self, answers: Answers, only: Collection[str] = ()) -> dict[str, str]:
        """Each file by its path; with `only`, those of these sources, by their places below template."""
        sources = [source for source in self._sources if not only or "/".join(source.parts[self._depth :]) in only]
        return dict(self._rendered(self._context(answers), sources))

    def names(self) -> list[str]:
        """The places of all files below template, as they are there."""
        return ["/".join(source.parts[self._depth :]) for source in self._sources]

    def text(self, source: str, answers: Answers) -> str:
        """One file alone, by its place below template."""
        return self._environment.get_template(f"template/{source}").render(self._context(answers))

    @property
    def environment(self) -> Any:
        """Copier's own, with the extensions of the template."""
        return self._environment

    def context(self, answers: Answers) -> Answers:
        """What is rendered with."""
        return self._context(answers)

    def _context(self, answers: Answers) -> Answers:
        named = f".{answers['name']}" if answers["placement"] == "contrib" else ""
        return answers | {
            "_copier_phase": "render",
            "_copier_answers": answers,
            "_copier_conf": {"answers_file": f".copier-answers{named}.yml", "dst_path": self._worker.dst_path},
        }

    def _rendered(self, context: Answers, sources: Iterable[Path]) -> Iterator[tuple[str, str]]:
        # Most paths begin with the same few folders.
        known: dict[str, str] = {}
        for source in sources:
            parts = PurePosixPath(*source.parts[self._depth :])
            name = str(parts).removesuffix(".jinja")
            rendered = []
            for part in name.split("/"):
                if part not in known:
                    known[part] = self._environment.from_string(part).render(context)
                rendered.append(known[part])
                if not known[part]:
                    break
            if not all(rendered):
                continue
            if source.suffix == ".jinja":
                text = self._environment.get_template(source.as_posix()).render(context)
            else:
                text = (self._template / source).read_text(encoding="utf-8")
            yield str(PurePosixPath(*rendered)), text


class Interview(Renderer):
    """A renderer that asks Copier's own questions, as `copier copy --defaults` does."""

    def answered(self, data: Answers) -> Answers:
        """The whole context that templates get. Raises ValueError or CopierError for answers that are refused."""
        self._worker.data = data
        with Phase.use(Phase.PROMPT):
            self._worker._ask()
        with Phase.use(Phase.RENDER):
            return dict(self._worker._render_context())

    @property
    def questions(self) -> list[str]:
        """The names of all questions."""
        return list(self._worker.template.questions_data)

    def made(self, context: Answers) -> dict[str, str]:
        """Each file by its path, from a context of `answered`."""
        return dict(self._rendered(context, self._sources))

    def paths(self, context: Answers) -> list[str]:
        """The path of each source that is rendered, those that come twice twice."""
        return [path for path, _ in self._rendered(context, self._sources)]

    def tasks(self, context: Answers) -> list[list[str]]:
        """The command of each task."""
        context = context | {"_copier_phase": "tasks", "_copier_operation": "copy"}
        return [
            [self._environment.from_string(str(part)).render(context) for part in task.cmd]
            for task in self._worker.template.tasks
            if self._environment.from_string(str(task.condition)).render(context) != "False"
        ]

    def derived(self, context: Answers) -> Answers:
        """The context with the names of places.py."""
        return context | places(context, self._environment.filters)
