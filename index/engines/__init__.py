"""Engines behind one protocol: each answers the same question with the same set.

They are imported when they are asked for, since each brings a library of its own.
"""

from importlib import import_module
from pathlib import Path
from typing import cast

from index.engines.base import Engine, EngineWriter, Place
from index.errors import IndexOutdated
from index.tables import Tables

ENGINES = ("whoosh", "tantivy", "opensearch")


def engine_writer(name: str, place: Place) -> EngineWriter:
    """Make the writer of an engine."""
    return cast("EngineWriter", import_module(f"index.engines.{name}").writer(place))


def open_engine(name: str, folder: Path, tables: Tables) -> Engine:
    """Open an engine's part of a generation folder; IndexOutdated for an engine that this version doesn't have."""
    if name not in ENGINES:
        raise IndexOutdated(f"with the engine {name}, which this version does not have")
    return cast("Engine", import_module(f"index.engines.{name}").reader(folder / name, tables))
