"""An index of a few records made for a test."""

from collections.abc import Iterator
from contextlib import contextmanager

from crawler.config import Cache
from crawler.record import RawRecord
from crawler.store import Store
from index.build import update
from index.manifest import Manifest
from index.search import Index, open_index


def keep(cache: Cache, *records: RawRecord) -> None:
    """Put records into a cache's store."""
    with Store.writing(cache) as store, store.transaction():
        for record in records:
            store.keep(record, None)


def brought_up(
    cache: Cache, engine: str = "auto", *, rebuild: bool = False, address: str | None = None
) -> tuple[Manifest, bool]:
    """Bring a cache's index to its store's state; the manifest, and whether there was anything to do."""
    with Store.writing(cache) as store:
        return update(store, engine, lambda _more: None, rebuild=rebuild, address=address)


@contextmanager
def opened(cache: Cache) -> Iterator[Index]:
    """Open a cache's index with the records behind it."""
    with Store.reading(cache) as store, open_index(cache.index, records=store.raw_as) as index:
        yield index


@contextmanager
def indexed(cache: Cache, *records: RawRecord) -> Iterator[Index]:
    """Keep records, index them and open the index."""
    keep(cache, *records)
    brought_up(cache)
    with open_index(cache.index) as index:
        yield index
