"""The bundled sample as a registry of its own, on loopback, over real HTTP."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from crawler.config import Cache
from crawler.load import load
from crawler.store import Store
from index.build import update
from serve.server import application, serving

DATA_TIMESTAMP = "2026-08-19T09:00:06"  # of the registry's data that the sample's facts are from


@contextmanager
def sample_registry() -> Iterator[str]:
    """Serve the sample's records while the block runs; yields the server's address."""
    with tempfile.TemporaryDirectory(prefix="trialkin-sample-") as folder:
        cache = Cache(Path(folder))
        with Store.writing(cache) as store, as_file(files("crawler.sample").joinpath("studies.jsonl")) as path:
            load(store, [str(path)], lambda _more: None)
            with store.transaction():
                store.set_meta("data_timestamp", DATA_TIMESTAMP)
            update(store, "auto", lambda _more: None)
        with serving(application(cache)) as address:
            yield address
