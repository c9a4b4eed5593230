"""What changed in a day, fetched and searchable: `python -m tests.bench.renewal FOLDER`.

FOLDER is a cache of synthetic records with its index (`tests.bench.large` or `tests.bench.refresh` makes one) and is
left as it is: one copy of it becomes the registry, in which 2,000 trials change, another the mirror that is refreshed.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from shutil import copy2, copytree

from crawler.config import Cache
from crawler.mark import write_mark
from crawler.record import RawRecord
from crawler.store import Store
from index.build import update
from index.query.parse import parse
from index.search import SearchRequest, open_index
from tests.bench.__main__ import row
from tests.bench.refresh import DAY, peak_megabytes, refreshed, registry
from tests.bench.synthetic import synthetic
from tests.records import body

CHANGED = 2000
NEXT_DAY = "2026-08-20"
WORD = "zyxomab"  # nobody has it before


@contextmanager
def copied(folder: Path) -> Iterator[tuple[Cache, Cache]]:
    """Copy a cache twice, on the same disk, where an index's files, which nobody writes to again, are linked."""
    with tempfile.TemporaryDirectory(prefix="trialkin-bench-", dir=folder.parent) as place:
        copies = [Cache(Path(place) / name) for name in ("registry", "mirror")]
        for cache in copies:
            cache.folder.mkdir()
            copy2(folder / "trials.db", cache.database)
            copytree(folder / "index", cache.index, copy_function=os.link)
        yield copies[0], copies[1]


def change(cache: Cache) -> list[str]:
    """Let trials of all ages change on the next day; their ids."""
    with Store.writing(cache) as store:
        held = sorted(store.current_versions())
        chosen = sorted(Random(3).sample(held, CHANGED))  # noqa: S311 - a fixed sample
        with store.transaction():
            for ident, raw in zip(chosen, synthetic(CHANGED, seed=3), strict=True):
                store.keep(_renewed(raw, ident), None)
            store.set_meta("data_timestamp", f"{NEXT_DAY}T09:00:06")
        update(store, "tantivy", lambda _more: None)
    return chosen


def _renewed(raw: RawRecord, ident: str) -> RawRecord:
    protocol = raw.data["protocolSection"]
    protocol["identificationModule"] |= {"nctId": ident, "briefTitle": f"{WORD} {ident}"}
    protocol.setdefault("statusModule", {})["lastUpdatePostDateStruct"] = {"date": NEXT_DAY}
    return RawRecord(body(raw.data))


def mirrored(cache: Cache, base: str) -> None:
    """Let a cache be the complete mirror of a registry, and its index know so."""
    with Store.writing(cache) as store:
        store.claim_registry(base, "mirrored")
        with store.transaction():
            store.db.execute("UPDATE version SET data_timestamp = ?", (DAY,))
            write_mark(store, DAY)


def main() -> None:
    """Print the table."""
    print(f"| {'what':<58} | {'figure':>34} |\n|{'-' * 60}|{'-' * 36}|")
    with copied(Path(sys.argv[1])) as (source, mirror):
        mirrored(mirror, "bench")
        chosen = change(source)
        with registry(source) as (base, _):
            report, fetching = refreshed(base, mirror)
        if report.counts.get("changed") != CHANGED:
            raise SystemExit(f"expected {CHANGED:,} changed: {report.counts}")
        row(f"refresh: {CHANGED:,} changed, {sum(report.counts.values()):,} compared", f"{fetching:.1f} s")
        began = time.perf_counter()
        with Store.writing(mirror) as store:
            update(store, "auto", lambda _more: None)
        indexing = time.perf_counter() - began
        row("update the index", f"{indexing:.1f} s")
        began = time.perf_counter()
        with open_index(mirror.index) as index:
            found = index.search(SearchRequest(WORD, parse(WORD), facets=True)).total
            alike = index.similar(chosen[:1], {}, 10, None)
        if found != CHANGED or not alike:
            raise SystemExit(f"{found:,} trials are found")
        row("open it, search, similar", f"{time.perf_counter() - began:.2f} s")
        row("in all", f"{fetching + indexing:.1f} s")
        row("peak memory, mapped files included", f"{peak_megabytes(os.getpid()):,.0f} MB")


if __name__ == "__main__":
    main()
