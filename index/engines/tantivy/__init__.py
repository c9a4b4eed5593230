"""Tantivy: an embedded engine for collections that Whoosh is too slow for; files of its own, read where they lie."""

from pathlib import Path

from index.engines.base import Place
from index.engines.tantivy.reader import TantivyEngine
from index.engines.tantivy.writer import TantivyWriter
from index.tables import Tables


def writer(place: Place) -> TantivyWriter:
    """Make the writer that `index.engines` asks for."""
    return TantivyWriter(place)


def reader(folder: Path, tables: Tables) -> TantivyEngine:
    """Open the engine that `index.engines` asks for."""
    return TantivyEngine(folder, tables)
