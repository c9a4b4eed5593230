"""A whole registry's worth: `python -m tests.bench.large 600000 FOLDER` (some 6 GB; a folder that is there is used on).

Load, build with tantivy, search with all facets, similar, an update of 2,000 trials; with memory and disk.
"""

import resource
import sys
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median

from crawler.config import Cache
from crawler.record import RawRecord
from crawler.store import Store
from index.build import update
from index.query.parse import parse
from index.search import Index, SearchRequest, open_index
from tests.bench.__main__ import QUERIES, milliseconds, row
from tests.bench.synthetic import synthetic

PAGE = 1000
CHANGED = 2000


def megabytes() -> str:
    """Most memory that this process, or any that it started, has had."""
    own, others = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return f"{own:,.0f} MB, a worker {others:,.0f} MB"


def disk(folder: Path) -> str:
    """What a folder takes."""
    return f"{sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()) / 1e6:,.0f} MB"


def keep(cache: Cache, records: Iterator[RawRecord]) -> float:
    """Keep records a page a transaction; seconds, without the time that making them takes."""
    seconds = 0.0
    with Store.writing(cache) as store:
        while page := list(islice(records, PAGE)):
            began = time.perf_counter()
            with store.transaction():
                for raw in page:
                    store.keep(raw, None)
            seconds += time.perf_counter() - began
    return seconds


def brought_up(cache: Cache, engine: str) -> float:
    """Bring the index up; seconds."""
    began = time.perf_counter()
    with Store.writing(cache) as store:
        update(store, engine, lambda _more: None)
    return time.perf_counter() - began


def ask(index: Index) -> None:
    """Time searches and similarity."""
    requests = [SearchRequest(text, parse(text), facets=True) for text in QUERIES]
    row("search: top ten, exact total, all facets", milliseconds([partial(index.search, r) for r in requests]))
    ids = Random(1).sample(index.columns.ids, 50)  # noqa: S311 - a fixed sample
    row("similar: ten of 50 trials", milliseconds([partial(index.similar, [i], {}, 10, None) for i in ids], 1))


def main() -> None:
    """Print the table."""
    count, folder = int(sys.argv[1]), Path(sys.argv[2])
    cache = Cache(folder)
    print(f"| {'what':<58} | {'figure':>34} |\n|{'-' * 60}|{'-' * 36}|")
    if not cache.database.exists():
        seconds = keep(cache, synthetic(count))
        row(f"store {count:,} synthetic records", f"{count / seconds:,.0f} records/s")
        row("store on disk", f"{cache.database.stat().st_size / 1e6:,.0f} MB")
        row("peak memory", megabytes())
    if not cache.index.exists():
        seconds = brought_up(cache, "tantivy")
        row(f"build {count:,} with tantivy", f"{seconds:,.0f} s, {count / seconds:,.0f} trials/s")
        row("peak memory", megabytes())
    row("index on disk", disk(cache.index))
    with open_index(cache.index) as index:
        ask(index)
    with Store.reading(cache) as store:
        seed = 1 + store.change  # others each time: the same ones would change nothing
    fresh = keep(cache, synthetic(CHANGED, seed))
    row(f"store {CHANGED:,} changed records", f"{fresh:.1f} s")
    row("update the index", f"{brought_up(cache, 'auto'):.1f} s")
    opened = []
    for _ in range(5):
        began = time.perf_counter()
        with open_index(cache.index):
            opened.append(time.perf_counter() - began)
    row("open the index", f"median {1000 * median(opened):.0f} ms")
    with open_index(cache.index) as index:
        ask(index)
    row("peak memory", megabytes())


if __name__ == "__main__":
    main()
