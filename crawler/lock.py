"""One writer a cache: a lock that dies with its process and says who holds it."""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from crawler.config import Cache
from crawler.errors import StoreLocked, StoreUnusable

TRIES, PATIENCE_SECONDS = 5, 0.1


@contextmanager
def writer_lock(cache: Cache) -> Iterator[None]:
    """Hold the cache's writer lock; StoreLocked (with the holder) where another process has it."""
    try:
        cache.folder.mkdir(parents=True, exist_ok=True)
        handle = cache.lock.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreUnusable(cache.folder, f"can't be written ({error.strerror})") from None
    with handle:
        if not _locked(handle):
            handle.seek(0)
            raise StoreLocked(cache.folder, handle.read().strip() or "another process")
        handle.truncate(0)
        handle.write(f"process {os.getpid()} (trialkin {' '.join(sys.argv[1:2])})")
        handle.flush()
        yield


def _locked(handle: IO[str]) -> bool:
    """Take the lock; a moment's patience, for `holder` takes it for a moment too."""
    for _ in range(TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(PATIENCE_SECONDS / TRIES)
        else:
            return True
    return False


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
