"""A cache as a server sees it: store and index open together, changed for newer ones when a writer switched."""

from pathlib import Path

from crawler.config import Cache
from crawler.store import Store
from index.manifest import NAME, read_manifest
from index.search import Index


class Mirror:
    """The current generation of a cache. Used from one thread, the server's own."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._seen: tuple[int, int] | None = None
        self._store: Store | None = None
        self._index: Index | None = None

    def _stamp(self) -> tuple[int, int]:
        stat = (Path(self._cache.index) / NAME).stat()
        return stat.st_ino, stat.st_mtime_ns

    def _current(self) -> tuple[Store, Index]:
        """Open, or open anew where the manifest was replaced; IndexMissing or CacheEmpty where there is nothing."""
        manifest = None if self._store is not None and self._fresh() else read_manifest(self._cache.index)
        if manifest is not None:
            stamp = self._stamp()
            self.close()
            self._store = Store.reading(self._cache)
            self._index = Index.open(self._cache.index, manifest, self._store.raw_as)
            self._seen = stamp
        if self._store is None or self._index is None:
            raise TypeError(self._seen)
        return self._store, self._index

    def _fresh(self) -> bool:
        try:
            return self._stamp() == self._seen
        except FileNotFoundError:
            return False

    @property
    def store(self) -> Store:
        """The records."""
        return self._current()[0]

    @property
    def index(self) -> Index:
        """The index over them."""
        return self._current()[1]

    def close(self) -> None:
        """Let go of files."""
        if self._store is not None:
            self._store.db.close()
        if self._index is not None:
            self._index.close()
        self._store = self._index = None
