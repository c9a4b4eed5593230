"""One writer a cache: a lock that dies with its process and says who holds it."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler.config import Cache
from crawler.errors import StoreLocked, StoreUnusable


@contextmanager
def writer_lock(cache: Cache) -> Iterator[None]:
    """Hold the cache's writer lock; StoreLocked (with the holder) where another process has it."""
    try:
        cache.folder.mkdir(parents=True, exist_ok=True)
        handle = cache.lock.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreUnusable(cache.folder, f"can't be written ({error.strerror})") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise StoreLocked(cache.folder, handle.read().strip() or "another process") from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()} (trialkin {' '.join(sys.argv[1:2])})")
        handle.flush()
        yield


def holder(path: Path) -> str | None:
    """Who holds the lock now, None where nobody does."""
    try:
        with path.open("r", encoding="utf-8") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return handle.read().strip()
    except FileNotFoundError:
        pass
    return None
