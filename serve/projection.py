"""The registry's `fields`: names → the parts of a record that they stand for."""

from functools import cache
from typing import Any

from crawler.fields import fields


class NameUnknown(ValueError):
    """A name in `fields` that the registry's list doesn't have."""


@cache
def _paths() -> dict[str, tuple[str, ...]]:
    """Piece names, field names' whole paths and pieces of modules, each to its path."""
    known = {}
    for field in fields():
        path = tuple(field.path.split("."))
        known[field.path.casefold()] = path
        if field.piece:
            known[field.piece.casefold()] = path
    return known


def paths(names: list[str]) -> list[tuple[str, ...]]:
    """Paths of names as the registry takes them; NameUnknown otherwise."""
    known = _paths()
    for name in names:
        if name.casefold() not in known:
            raise NameUnknown(name)
    return [known[name.casefold()] for name in names]


def project(record: dict[str, Any], wanted: list[tuple[str, ...]]) -> dict[str, Any]:
    """Keep only what lies on the wanted paths, in the record's own shape and order."""
    tree: dict[str, Any] = {}
    for path in wanted:
        node = tree
        for name in path[:-1]:
            node = node.setdefault(name, {})
            if node is None:
                break
        else:
            node[path[-1]] = None
    kept = _kept(record, tree)
    return kept if isinstance(kept, dict) else {}


def _kept(value: Any, tree: dict[str, Any] | None) -> Any:  # noqa: ANN401 - JSON
    if tree is None:
        return value
    if isinstance(value, list):
        return [_kept(item, tree) for item in value]
    if isinstance(value, dict):
        return {name: _kept(below, tree[name]) for name, below in value.items() if name in tree}
    return value
