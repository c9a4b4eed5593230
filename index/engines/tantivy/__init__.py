"""Tantivy: an embedded engine for collections that Whoosh is too slow for; files of its own, read where they lie."""

from pathlib import Path
from typing import TYPE_CHECKING

from index.engines.base import Place
from index.tables import Tables

if TYPE_CHECKING:
    from index.engines.tantivy.engine import TantivyEngine
    from index.engines.tantivy.writing import TantivyWriter

# numpy and what writes are imported when they are asked for: a search of words needs neither.


def writer(place: Place) -> "TantivyWriter":
    """Make the writer that `index.engines` asks for."""
    from index.engines.tantivy.writing import TantivyWriter

    return TantivyWriter(place)


def reader(folder: Path, tables: Tables) -> "TantivyEngine":
    """Open the engine that `index.engines` asks for."""
    from index.engines.tantivy.engine import TantivyEngine

    return TantivyEngine(folder, tables)
