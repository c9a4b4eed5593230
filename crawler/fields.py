"""The registry's own list of fields (its metadata and OpenAPI file): paths, piece names, types."""

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec


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
    lines = Path(__file__).with_name("fields.tsv").read_text(encoding="utf-8").splitlines()[1:]
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


_PLAIN: Any = str | int | float | bool | None


@cache
def _all_known() -> type[msgspec.Struct]:
    """A type that takes no other names than the known ones, and none below a leaf."""
    return _taking(_known())


def _taking(known: dict[str, Any]) -> type[msgspec.Struct]:
    taken: list[tuple[str, Any, Any]] = []
    for name, below in known.items():
        kind = _taking(below) if below else _PLAIN
        taken.append((f"field{len(taken)}", kind | list[kind] | None, msgspec.field(name=name, default=None)))  # type: ignore[valid-type]
    return msgspec.defstruct("Known", taken, forbid_unknown_fields=True)


def unknown_fields(record: object) -> list[str]:
    """Paths in a record that neither the metadata nor the OpenAPI file knows, sorted, each once.

    A whole unknown branch is told by its top alone.
    """
    with suppress(msgspec.ValidationError):
        msgspec.convert(record, _all_known())
        return []  # as nearly always, and in a third of the time
    found: set[str] = set()
    _gather(record, _known(), "", found)
    return sorted(found)


def _gather(value: object, known: dict[str, Any], path: str, found: set[str]) -> None:
    """Add the unknown paths below a value. Every name of every record comes by here."""
    if type(value) is dict:
        for name, below in value.items():
            here = known.get(name)
            if here is None:
                found.add(f"{path}{name}")
            elif type(below) is dict or type(below) is list:
                _gather(below, here, f"{path}{name}.", found)
    elif type(value) is list:
        for item in value:
            if type(item) is dict or type(item) is list:
                _gather(item, known, path, found)
