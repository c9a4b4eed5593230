"""Load, build, search, similar, whole processes, on the 11,814 real records and on 5,000 of them, in one run."""

import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random
from statistics import median

from crawler.config import Cache
from crawler.load import load
from crawler.store import Store
from index.build import update
from index.query.parse import parse
from index.search import Index, SearchRequest, open_index
from index.similar.aspects import Comparison
from index.similar.reasons import no_kin

SHARED = Path(__file__).parents[3] / "shared" / "registry"
FILES = ["v2.jsonl.gz", "legacy.jsonl.gz", "seed.jsonl"]
SEED = "NCT05300932"
WHOOSH_RANGE = 5000

# Half of them bare words, as people type them; the others use what the language has.
QUERIES = [
    "baricitinib",
    "systemic sclerosis",
    "breast cancer",
    "covid-19 hydroxychloroquine",
    "heart failure",
    "type 2 diabetes insulin",
    "asthma children",
    "depression",
    "hepatitis c",
    "randomized placebo",
    '"systemic sclerosis"',
    'cond:"breast cancer" phase:3',
    "cond:asthma intr:budesonide",
    "title:lupus OR title:arthritis",
    "hypertension NOT pregnancy",
    "status:recruiting cancer country:France",
    "start:2018..2020 influenza vaccine",
    "(malaria OR tuberculosis) AND children",
    'outc:"overall survival" phase:2',
    "spons:pfizer enrollment:500..",
]


def row(what: str, figure: str) -> None:
    """Print one line of the table."""
    print(f"| {what:<58} | {figure:>34} |", flush=True)


def milliseconds(calls: Sequence[Callable[[], object]], rounds: int = 3) -> str:
    """Time each call several times; median and 95th percentile of all."""
    for call in calls:
        call()
    times = []
    for _ in range(rounds):
        for call in calls:
            began = time.perf_counter()
            call()
            times.append(1000 * (time.perf_counter() - began))
    times.sort()
    return f"p50 {median(times):.1f} ms, p95 {times[int(0.95 * len(times))]:.1f} ms"


def fill(cache: Cache, files: list[str], most: int | None = None) -> tuple[int, float]:
    """Load records; how many, in how many seconds."""
    sources = [str(SHARED / name) for name in files]
    with tempfile.TemporaryDirectory() as folder:
        if most is not None:
            sources = [_first(sources, most, Path(folder))]
        began = time.perf_counter()
        with Store.writing(cache) as store:
            outcome = load(store, sources, lambda _more: None)
        return outcome.loaded, time.perf_counter() - began


def _first(sources: list[str], most: int, folder: Path) -> str:
    from crawler.files import read_source  # noqa: PLC0415
    from crawler.record import RawRecord  # noqa: PLC0415

    records = (item for source in sources for _, item in read_source(source) if isinstance(item, RawRecord))
    path = folder / "first.jsonl"
    with path.open("wb") as out:
        for _, raw in zip(range(most), records, strict=False):
            out.write(raw.body + b"\n")
    return str(path)


def build(cache: Cache) -> float:
    """Build the index; seconds."""
    began = time.perf_counter()
    with Store.writing(cache) as store:
        update(store, "auto", lambda _more: None, rebuild=True)
    return time.perf_counter() - began


def ask(index: Index) -> None:
    """Time searches and similarity in process."""
    requests = [SearchRequest(text, parse(text), facets=True) for text in QUERIES]
    row(
        "search: top ten, exact total, all facets",
        milliseconds([partial(index.search, request) for request in requests]),
    )
    bare = requests[: len(requests) // 2]
    row("  bare words alone", milliseconds([partial(index.search, request) for request in bare]))
    ids = Random(1).sample(index.columns.ids, 200)  # noqa: S311 - a fixed sample
    row(
        "similar: ten of 200 trials",
        milliseconds([partial(index.similar, [nct_id], {}, 10, None) for nct_id in ids], 1),
    )
    why = no_kin
    row("  with reasons", milliseconds([partial(index.similar, [nct_id], {}, 10, why) for nct_id in ids], 1))
    for name, comparison in (
        ("by design", Comparison("design")),
        ("unlike intervention", Comparison(unlike="intervention")),
        ("diverse", Comparison(diverse=True)),
    ):
        asked = [partial(index.similar, [nct_id], {}, 10, None, comparison) for nct_id in ids]
        row(f"  {name}", milliseconds(asked, 1))
    order = [hit.nct_id for hit in index.similar([SEED], {}, 6, None)] if index.columns.row(SEED) is not None else []
    row("the seed's first six", " ".join(order[:2]) + " …" if order else "–")


def pages(cache: Cache) -> None:
    """Time pages of `serve`, as the application answers them in this process over loopback."""
    import httpx  # noqa: PLC0415

    from serve.server import application, serving  # noqa: PLC0415

    with serving(application(cache)) as address, httpx.Client(base_url=address) as client:
        for path in ("/", "/search?q=breast+cancer", f"/trials/{SEED}"):
            row(f"page {path}", milliseconds([partial(client.get, path)], 20))


def hostile(index: Index) -> None:
    """Time queries that nobody types."""
    many = " ".join(f"wor{number}" for number in range(1200))
    phrases = " OR ".join('"patients with"' if number % 2 else f'"study {number}"' for number in range(300))
    for what, text in (("1,200 words", many), ("300 phrases ORed", phrases), ("500 NOTs", "NOT " * 500 + "cancer")):
        request = SearchRequest(text, parse(text), facets=True)
        row(f"hostile: {what}", milliseconds([partial(index.search, request)], 1))


def main() -> None:
    """Print the table."""
    from tests.bench.processes import processes, questions  # noqa: PLC0415 - which has rows of this one

    print(f"| {'what':<58} | {'figure':>34} |\n|{'-' * 60}|{'-' * 36}|")
    with tempfile.TemporaryDirectory(prefix="trialkin-bench-") as folder:
        whole, part = Cache(Path(folder) / "whole"), Cache(Path(folder) / "part")
        records, seconds = fill(whole, FILES)
        row(f"load {records:,} records (store and normalise)", f"{records / seconds:,.0f} records/s")
        row("store on disk", f"{whole.database.stat().st_size / 1e6:.0f} MB")
        row(f"build {records:,}", f"{build(whole):.1f} s")
        row("peak memory so far", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
        with open_index(whole.index) as index:
            ask(index)
            hostile(index)
        pages(whole)
        processes(whole)
        questions(whole)
        records, _ = fill(part, FILES, WHOOSH_RANGE)
        row(f"build {records:,}", f"{build(part):.1f} s")
        with open_index(part.index) as index:
            ask(index)


if __name__ == "__main__":
    main()
