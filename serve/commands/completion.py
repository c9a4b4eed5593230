"""What a shell proposes for option values and ids: closed lists from the schema, open ones from the cache's index.

A shell asks at every press of a key and shows what is printed: whatever is wrong, nothing is proposed.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from crawler.config import Cache

if TYPE_CHECKING:
    from index.columns import Columns

Completion: TypeAlias = Callable[[click.Context, click.Parameter, str], list[str]]
_Proposals: TypeAlias = Callable[[Path, str], list[str]]

MOST = 100  # proposals; a longer list is not read
_FOR_A_SHELL = re.compile(r"([^\w@%+=:,./-])")  # what bash would read as more than a letter
_SYNTAX = re.compile(r'[()\[\]":,]|\b(?:AND|OR|NOT)\b')  # names that the query language would misread


def _completion(proposals: _Proposals) -> Completion:
    """Make click's form of a function from the index's folder and the beginning of a value to values."""

    def complete(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
        try:
            return [_escaped(value) for value in proposals(_folder(context), begun)[:MOST]]
        except Exception:  # noqa: BLE001 - a traceback in the middle of what somebody types helps nobody
            return []

    return complete


def _folder(context: click.Context) -> Path:
    cache = context.params.get("cache")
    if not isinstance(cache, Cache):
        cache = Cache(Path(os.environ.get("TRIALKIN_CACHE", "cache")))
    return Path(cache.index)


def _escaped(value: str) -> str:
    """Escape a value for bash, which takes proposals as they are; zsh and fish do it themselves."""
    if not os.environ.get("_TRIALKIN_COMPLETE", "").startswith("bash"):
        return value
    typed = os.environ.get("COMP_WORDS", "")
    within_quotes = typed.count('"') % 2 or typed.count("'") % 2
    return value if within_quotes else _FOR_A_SHELL.sub(r"\\\1", value)


def _beginning(values: list[str], begun: str) -> list[str]:
    return [value for value in values if value.casefold().startswith(begun.casefold())]


@contextmanager
def _columns(folder: Path) -> "Iterator[Columns]":
    from index.columns import Columns
    from index.manifest import read_manifest

    yield Columns(folder / read_manifest(folder).folder / "columns")


def listed(*values: str) -> Completion:
    """Propose fixed values."""
    return _completion(lambda _folder, begun: _beginning(list(values), begun))


def value_of(key: str) -> Completion:
    """Propose the values of a filter: all of a closed list, those that trials have of an open one, frequent first."""

    def proposals(folder: Path, begun: str) -> list[str]:
        import numpy as np

        from index.schema import FILTERED

        closed = FILTERED[key].closed
        if closed is not None:
            return _beginning(list(closed), begun)
        with _columns(folder) as columns:
            column = columns.values(key)
            counts, _ = column.counts(np.ones(columns.size, np.bool_))
            ordered = sorted(zip((-counts).tolist(), column.values, strict=True))
            return _beginning([value for _, value in ordered], begun)

    return _completion(proposals)


def name_of(kind: str) -> Completion:
    """Propose names of conditions or interventions that begin so, frequent first."""

    def proposals(folder: Path, begun: str) -> list[str]:
        from index.manifest import read_manifest
        from index.suggest import Names, folded

        names = Names(folder / read_manifest(folder).folder / "words")
        found = names.suggestions(begun, (kind,), 10 * MOST)
        wanted = folded(begun)
        return [name.text for name in found if folded(name.text).startswith(wanted) and not _SYNTAX.search(name.text)]

    return _completion(proposals)


def _ids(folder: Path, begun: str) -> list[str]:
    with _columns(folder) as columns:
        return _beginning(columns.ids, begun)


trial_id = _completion(_ids)
