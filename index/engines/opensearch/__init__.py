"""The engine for what outgrows one machine: words, facets and cards are answered by an OpenSearch cluster.

Terms arrive there ready made, and so do their scores: each document has for each search area its terms' scores (the
best over the area's fields of weight × BM25, as in every engine), which the cluster adds up. So a question is small, no
shard needs to know of another's words, and every copy of a shard gives the same answer.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.engines.base import Engine, EngineWriter, Place
    from index.tables import Tables

# What needs the cluster's library is imported when it is asked for: an address can be read without it.


def writer(place: "Place") -> "EngineWriter":
    """Make the writer that `index.engines` asks for; ClientMissing where the library is."""
    from index.engines.opensearch.rebuild import Rebuild  # noqa: PLC0415
    from index.engines.opensearch.renewal import Renewal  # noqa: PLC0415

    return Rebuild(place) if place.previous is None else Renewal(place)


def reader(folder: Path, tables: "Tables") -> "Engine":
    """Open the engine that `index.engines` asks for; ClientMissing where the library is."""
    from index.engines.opensearch.engine import OpenSearchEngine  # noqa: PLC0415

    return OpenSearchEngine(folder, tables)
