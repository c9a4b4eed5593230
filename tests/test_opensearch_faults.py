"""A cluster's bad days, on real nodes: killed while it is written or read, changed under its readers."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from crawler.config import Cache
from crawler.record import RawRecord
from crawler.store import Store
from index.engines.opensearch.cluster import Cluster
from index.engines.opensearch.target import Target, read_target
from index.errors import ClusterError, ClusterIncomplete
from index.manifest import read_manifest
from index.query.parse import parse
from index.search import Index, SearchPage, SearchRequest, open_index
from tests import cluster, indexes
from tests.conftest import SAMPLE
from tests.indexes import keep
from tests.records import raw

pytestmark = pytest.mark.cluster

MANY = 1500


def copies(count: int) -> list[RawRecord]:
    """Trials with the sample's texts under ids of their own."""
    sample = [RawRecord(line).data for line in SAMPLE.read_bytes().splitlines()]
    made = []
    for number in range(count):
        data = sample[number % len(sample)]
        protocol = {**data["protocolSection"]}
        ident = f"NCT8{number:07d}"
        protocol["identificationModule"] = {**protocol["identificationModule"], "nctId": ident}
        made.append(raw(ident, derived=data["derivedSection"], **protocol))
    return made


def brought_up(cache: Cache, *, rebuild: bool = False) -> None:
    indexes.brought_up(cache, "opensearch", rebuild=rebuild, address=cluster.address())


def target(cache: Cache) -> Target:
    return read_target(cache.index / read_manifest(cache.index).folder / "opensearch")


@pytest.fixture(autouse=True)
def _whole_cluster() -> Iterator[None]:
    cluster.clear()
    yield
    cluster.mend()
    cluster.clear()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    made = Cache(tmp_path / "cache")
    keep(made, *copies(MANY))
    return made


@contextlib.contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Do something beside the block, and be done with it when the block is left."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert failed == []


def in_the_middle(monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]) -> None:
    """Do something once a new index has taken the fifth of some thirty requests, while others are on their way."""
    write, written = Cluster.write, count(1)

    def wrapped(cluster_: Cluster, alias: str, lines: Iterable[bytes]) -> None:
        write(cluster_, alias, lines)
        if next(written) == 5:
            work()

    monkeypatch.setattr(Cluster, "write", wrapped)
    monkeypatch.setattr("index.engines.opensearch.sending._REQUEST_BYTES", 1_000_000)


def assert_whole(index: Index, count: int = MANY) -> None:
    page = index.search(SearchRequest(facets=True, limit=0))
    assert page.total == count
    for counts in (page.facets["status"], page.facets["results"]):
        assert sum(each.count for each in counts) == count


# -- written -----------------------------------------------------------------------------------------------------------


def test_a_build_outlives_a_node_that_is_killed_and_comes_back(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill_and_revive() -> None:
        cluster.run("crash", "2")
        cluster.run("revive", "2")

    monkeypatch.setattr("index.engines.opensearch.cluster.WRITE_PATIENCE_SECONDS", 120.0)
    in_the_middle(monkeypatch, kill_and_revive)
    brought_up(cache)
    with open_index(cache.index) as index:
        assert_whole(index)


def test_a_build_that_loses_a_node_fails_clean_and_a_retry_succeeds(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought_up(cache)
    held = target(cache)
    with monkeypatch.context() as patched:
        patched.setattr("index.engines.opensearch.cluster.WRITE_PATIENCE_SECONDS", 3.0)
        in_the_middle(patched, lambda: cluster.run("crash", "3"))
        with pytest.raises(ClusterError, match=r"trialkin index|See that it runs"):
            brought_up(cache, rebuild=True)
    assert cluster.indices(held.alias) == [held.index]
    with open_index(cache.index) as index:
        assert_whole(index)  # what stood before stands, on the copies that are left
    brought_up(cache, rebuild=True)
    with open_index(cache.index) as index:
        assert_whole(index)
    assert cluster.indices(held.alias) == [held.index, target(cache).index]


# -- read --------------------------------------------------------------------------------------------------------------

REQUESTS = [
    SearchRequest(node=parse(query), facets=True, limit=20)
    for query in ("lupus", '"systemic sclerosis" OR covid', "EXPANSION[None]lupus", "SEARCH[Location](Boston)")
]


@dataclass
class Reader:
    """Asks again and again until it is told to stop; what it got, errors among it."""

    index: Index
    got: list[tuple[int, SearchPage | ClusterError]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            place = number % len(REQUESTS)
            number += 1
            try:
                self.got.append((place, self.index.search(REQUESTS[place])))
            except ClusterError as error:
                self.got.append((place, error))


def test_answers_stay_right_while_a_node_is_killed(cache: Cache) -> None:
    brought_up(cache)
    manager = cluster.get("/_cat/cluster_manager?format=json")[0]["node"].removeprefix("node-")
    with Store.reading(cache) as store, open_index(cache.index, records=store.raw_as) as index:
        expected = [index.search(request) for request in REQUESTS]
        reader = Reader(index)
        with meanwhile(reader.run):
            try:
                time.sleep(1)
                before = len(reader.got)
                cluster.run("crash", manager)
                time.sleep(5)
            finally:
                reader.stop.set()
    assert len(reader.got) > before > 0
    answers = [(place, page) for place, page in reader.got if isinstance(page, SearchPage)]
    assert all(page == expected[place] for place, page in answers)
    assert answers[-1] == reader.got[-1]  # two of three nodes have it all


def test_a_part_of_an_answer_is_none(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    brought_up(cache)
    held = target(cache)
    with contextlib.closing(Cluster(held.addresses)) as asked:
        bare = {"index": {"auto_expand_replicas": False, "number_of_replicas": 0}}
        asked.ask("PUT", f"/{held.index}/_settings", bare)
    lost = next(shard["node"] for shard in cluster.get(f"/_cat/shards/{held.index}?format=json"))
    cluster.run("crash", lost.removeprefix("node-"))
    with open_index(cache.index) as index:
        with monkeypatch.context() as hurried:
            hurried.setattr("index.engines.opensearch.cluster.PATIENCE_SECONDS", 0.5)
            for request in (SearchRequest(limit=0), SearchRequest(node=parse("lupus"), facets=True)):
                with pytest.raises(ClusterIncomplete, match="Bring the cluster's nodes back"):
                    index.search(request)
        cluster.mend()
        assert_whole(index)


# -- moving ------------------------------------------------------------------------------------------------------------


def marked(generation: int) -> list[RawRecord]:
    """Trials that say which generation they are of."""
    return [
        raw(f"NCT9{number:07d}", identificationModule={"briefTitle": f"Movingmark {generation}"}) for number in range(4)
    ]


def test_every_answer_belongs_to_one_generation_while_they_change(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    keep(cache, *copies(60), *marked(1))
    brought_up(cache)
    stop, seen, wrong = threading.Event(), set[str](), list[object]()

    opening = threading.Lock()  # numpy reads headers by literal_eval, in which some Pythons know one thread only

    def read() -> None:
        while not stop.is_set():
            with contextlib.ExitStack() as opened:
                with opening:
                    index = opened.enter_context(open_index(cache.index))
                own = set()
                for _ in range(3):
                    page = index.search(SearchRequest(node=parse("movingmark"), facets=True))
                    own |= {hit.title for hit in page.hits}
                    counts = [each.count for each in page.facets["results"]]
                    if (page.total, len(page.hits), sum(counts)) != (4, 4, 4):
                        wrong.append(page)
                if len(own) != 1:
                    wrong.append(own)
                seen.update(own)

    with contextlib.ExitStack() as readers:
        for _ in range(3):
            readers.enter_context(meanwhile(read))
        readers.callback(stop.set)
        for generation in range(2, 8):  # an update, then a rebuild, in turn: see index/build.py
            keep(cache, *marked(generation))
            brought_up(cache)
        time.sleep(0.5)
    assert wrong == []
    assert {"Movingmark 1", "Movingmark 7"} < seen
