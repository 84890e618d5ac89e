"""Which template the command uses: the one it was installed from (PEP 610), at the same commit."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

DISTRIBUTION = "openmetadata-connector-template"

# How Copier tells the address of a repository from a folder.
_PREFIXES = ("git@", "git+", "git://", "https://github.com/", "https://gitlab.com/", "gh:", "gl:")


# What signs in to a template, as extensions/origin.py has it for the answers file.
_WEB = re.compile(r"((?:\w+\+)?(?:https?|ftps?)://)(?:[^/?#]*@)?([^?]*)(?:\?.*)?", re.IGNORECASE | re.DOTALL)
_OTHER = re.compile(r"([\w+.-]+://[^/?#:@]*):[^/?#]*(@.*)", re.DOTALL)


class Unknown(Exception):
    """No template is known."""


@dataclass(frozen=True)
class Origin:
    """Where the template is: an address or a folder as Copier takes it, and the commit, tag or branch to use of it."""

    url: str
    ref: str | None = None

    def __str__(self) -> str:
        return f"{shown(self.url)} at {self.ref}" if self.ref else shown(self.url)


def origin() -> Origin:
    """The template of this installation. Raises `Unknown` for a wheel of an index that names none.

    From a repository, that repository and commit; from a folder, the folder as it is now, commits or not; from an
    index, the address that the distribution names as `Template` among its URLs, and the tag of its version.
    """
    try:
        distribution = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return _folder(Path(__file__).resolve().parent.parent)
    direct = json.loads(distribution.read_text("direct_url.json") or "{}")
    if "vcs_info" in direct:
        return Origin(_address(direct["url"]), direct["vcs_info"]["commit_id"])
    if "dir_info" in direct:
        return _folder(Path(unquote(urlsplit(direct["url"]).path)))
    for named in distribution.metadata.get_all("Project-URL") or ():
        label, _, url = named.partition(",")
        if label.strip() == "Template":
            return Origin(_address(url.strip()), distribution.version)
    raise Unknown("this installation does not say where its template is: give --template URL")


def given(url: str, ref: str | None) -> Origin:
    """A template named on the command line: its newest release, or what `ref` says; a folder as it is now."""
    folder = Path(url).expanduser()
    if (folder / "objects").is_dir():  # without a work tree there is nothing but commits
        return Origin(f"git+file://{folder.resolve()}", ref)
    return Origin(str(folder.absolute()), ref or "HEAD") if folder.is_dir() else Origin(url, ref)


def shown(url: str) -> str:
    """A template's URL as it may be printed: without what signs in to it."""
    found = _WEB.fullmatch(url) or _OTHER.fullmatch(url)
    return found[1] + found[2] if found else url


def version() -> str:
    """The version of the command, of a copy that was never installed `0`."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "0"


def _folder(folder: Path) -> Origin:
    if not (folder / "copier.yml").is_file():
        raise Unknown(f"there is no template in {folder} any more: give --template URL")
    return Origin(str(folder), "HEAD")


def _address(url: str) -> str:
    return url if url.endswith(".git") or url.startswith(_PREFIXES) else f"git+{url}"
