"""`refresh --all` of a registry of synthetic records, over loopback: `python -m tests.bench.refresh 50000 FOLDER`.

The registry is this program's own server in a process of its own; FOLDER keeps its records for another time. Printed:
records a second (stored and normalised), the client's memory and processor, then a refresh of nothing and a sweep.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler.client import Client
from crawler.config import Cache
from crawler.refresh import Refreshed, Wish, refresh
from crawler.registry import Registry
from crawler.store import Store
from index.build import update
from index.similar.closeness import closeness
from tests.bench.__main__ import row
from tests.bench.large import keep
from tests.bench.synthetic import synthetic

DAY = "2026-08-19T09:00:06"


def prepare(cache: Cache, count: int) -> None:
    """Let the registry have so many synthetic records, indexed."""
    keep(cache, synthetic(count))
    with Store.writing(cache) as store:
        with store.transaction():
            store.set_meta("data_timestamp", DAY)
        update(store, "tantivy", lambda _more: None)


def _serve(folder: str, told: "multiprocessing.Queue[str]") -> None:
    from serve.server import application, serving  # noqa: PLC0415

    with serving(application(Cache(Path(folder)))) as address:
        told.put(address)
        time.sleep(1 << 20)


@contextmanager
def registry(cache: Cache) -> Iterator[str]:
    """Serve a cache from a process of its own; yields the API's base."""
    context = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[str] = context.Queue()
    process = context.Process(target=_serve, args=(str(cache.folder), told), daemon=True)
    process.start()
    try:
        yield f"{told.get(timeout=120)}/api/v2"
    finally:
        process.terminate()


def refreshed(base: str, cache: Cache, *, whole: bool = False, sweep: bool = False) -> tuple[Refreshed, float]:
    """Refresh at pace 0; the report, seconds."""
    began = time.perf_counter()
    with Client(base, pace_seconds=0) as client, Store.writing(cache) as store:
        report = refresh(Wish("bench", whole, sweep), store, Registry(client), closeness, lambda _more: None)
    if report.stopped or report.failed:
        raise SystemExit(report.stopped or str(report.failed[:3]))
    return report, time.perf_counter() - began


def told(what: str, report: Refreshed, seconds: float) -> None:
    """Print one line."""
    counts = ", ".join(f"{count:,} {kind}" for kind, count in report.counts.items()) or "nothing"
    row(what, f"{seconds:.2f} s, {report.calls} requests: {counts}")


def mirror(base: str, cache: Cache, count: int) -> None:
    """Time `refresh --all`."""
    processor = time.process_time()
    report, seconds = refreshed(base, cache, whole=True)
    processor = time.process_time() - processor
    told(f"refresh --all of {count:,}", report, seconds)
    row("  records stored and normalised", f"{count / seconds:,.0f}/s")
    row("  processor, of this process", f"{1e6 * processor / count:,.0f} us a record")
    row("  peak memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    row("  on disk", f"{cache.database.stat().st_size / count / 1000:.1f} KB a record")


def main() -> None:
    """Print the table."""
    count, folder = int(sys.argv[1]), Path(sys.argv[2])
    source = Cache(folder)
    if not source.index.exists():
        context = multiprocessing.get_context("spawn")  # its memory is not ours
        filling = context.Process(target=prepare, args=(source, count))
        filling.start()
        filling.join()
    print(f"| {'what':<58} | {'figure':>34} |\n|{'-' * 60}|{'-' * 36}|")
    with tempfile.TemporaryDirectory(prefix="trialkin-bench-") as mine, registry(source) as base:
        cache = Cache(Path(mine))
        mirror(base, cache, count)
        told("refresh where nothing is new", *refreshed(base, cache))
        told("refresh --sweep where nothing is new", *refreshed(base, cache, sweep=True))


if __name__ == "__main__":
    main()
