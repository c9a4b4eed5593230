"""The registry's own list of fields (its metadata and OpenAPI file): paths, piece names, types."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Field:
    """A field of a study record.

    `path` is its place in the JSON (lists leave no mark in it), `piece` the registry's short name, `type` the
    registry's type name, `enum` whether its values are a closed list.
    """

    path: str
    piece: str
    type: str
    enum: bool


@cache
def fields() -> tuple[Field, ...]:
    """Every field the registry documents, in order of its path."""
    lines = files("crawler").joinpath("fields.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return tuple(_field(line) for line in lines)


def _field(line: str) -> Field:
    path, piece, kind, enum = (*line.split("\t"), "", "", "")[:4]
    return Field(path, piece, kind, enum == "enum")


@cache
def _known() -> dict[str, Any]:
    """Nested dicts of the known names; a leaf is an empty dict."""
    root: dict[str, Any] = {}
    for field in fields():
        node = root
        for name in field.path.split("."):
            node = node.setdefault(name, {})
    return root


def unknown_fields(record: object) -> list[str]:
    """Paths in a record that neither the metadata nor the OpenAPI file knows, sorted, each once.

    A whole unknown branch is told by its top alone.
    """
    return sorted(set(_unknown(record, _known(), "")))


def _unknown(value: object, known: dict[str, Any], path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, below in value.items():
            here = known.get(name)
            if here is None:
                yield f"{path}{name}"
            elif isinstance(below, dict | list):
                yield from _unknown(below, here, f"{path}{name}.")
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict | list):
                yield from _unknown(item, known, path)
