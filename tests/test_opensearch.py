"""What only the engine in a cluster does: deep pages, questions too large for one request, generations in one index."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from crawler.config import Cache
from crawler.errors import TrialkinError
from crawler.record import RawRecord
from index.engines.opensearch.cluster import Cluster
from index.engines.opensearch.target import Target, read_target
from index.errors import ClusterForeign, ClusterRefused
from index.query.filters import filters
from index.query.parse import parse
from index.query.tree import Any, Filters, Node, Not, Value, Words
from index.search import Index, SearchPage, SearchRequest
from tests import cluster, indexes
from tests.conftest import SAMPLE
from tests.indexes import keep, opened
from tests.records import raw
from tests.running import Shell
from tests.test_sites import RECORDS as SITES

pytestmark = pytest.mark.cluster

LONG = "antidisestablishmentarian" * 20
RECORDS = [
    *map(RawRecord, SAMPLE.read_bytes().splitlines()),
    *(raw(ident, contactsLocationsModule={"locations": sites}) for ident, sites in SITES.items()),
    raw("NCT90000001", conditionsModule={"conditions": [LONG, "9" * 40_000]}),
    raw("NCT90000002", conditionsModule={"conditions": [LONG + "s end"]}),
]


def brought_up(cache: Cache, engine: str = "opensearch", *, rebuild: bool = False) -> None:
    indexes.brought_up(cache, engine, rebuild=rebuild, address=cluster.address(engine))


def target(cache: Cache, generation: int) -> Target:
    return read_target(cache.index / f"generation-{generation:06d}" / "opensearch")


@dataclass(frozen=True)
class Twins:
    """The same trials in a cluster and on this machine."""

    far: Index
    near: Index

    def search(self, request: SearchRequest) -> tuple[SearchPage, SearchPage]:
        return self.far.search(request), self.near.search(request)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    with contextlib.ExitStack() as stack:
        made = []
        for engine in ("opensearch", "whoosh"):
            cache = Cache(Path(tmp_path_factory.mktemp(engine)))
            keep(cache, *RECORDS)
            brought_up(cache, engine)
            made.append(stack.enter_context(opened(cache)))
        yield Twins(*made)


def ids(page: SearchPage) -> list[str]:
    return [hit.nct_id for hit in page.hits]


def assert_same(twins: Twins, request: SearchRequest, *, order: bool) -> None:
    far, near = twins.search(request)
    assert (far.total, far.facets, far.also) == (near.total, near.facets, near.also)
    assert (ids(far), ids(near)) == (ids(near), ids(near)) if order else sorted(ids(far)) == sorted(ids(near))


# -- sites -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "SEARCH[Location](London France)",
        "SEARCH[Location](London AND AREA[LocationStatus]RECRUITING)",
        "SEARCH[Location](London NOT Royal)",
        "SEARCH[Location](NOT London)",
        "SEARCH[Location](London OR Seoul)",
        'SEARCH[Location](AREA[LocationCountry]"South Korea")',
        'SEARCH[Location](AREA[LocationCountry]"Korea, Republic of" AND AREA[LocationStatus]RECRUITING)',
        'SEARCH[Location](AREA[LocationFacility]"Royal Free" AND AREA[LocationCity]London)',
        "SEARCH[Location](AREA[LocationCity]EXPANSION[None]London)",
        "NOT SEARCH[Location](Paris)",
        "SEARCH[Location](Boston AND AREA[LocationCountry]United) lupus",
    ],
)
def test_within_one_site(twins: Twins, query: str) -> None:
    assert_same(twins, SearchRequest(node=parse(query), facets=True, limit=100), order=False)


@pytest.mark.parametrize(
    "near", ["51.5,-0.12,10km", "48.85,2.35,5km", "42.98,-81.25,0km", "42.36,-71.06,300mi", "0,0,9mi"]
)
@pytest.mark.parametrize("ascending", [False, True])
def test_near_and_by_distance(twins: Twins, near: str, *, ascending: bool) -> None:
    made = filters({"near": [near]}, results=None, ids=None)
    request = SearchRequest(filters=made, facets=True, sort="distance", ascending=ascending, limit=100)
    assert_same(twins, request, order=True)


# -- order, pages, size ------------------------------------------------------------------------------------------------


def turn_pages_of(hits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have responses of so many hits."""
    for module in ("cluster", "engine"):
        monkeypatch.setattr(f"index.engines.opensearch.{module}.PAGE", hits)


@pytest.mark.parametrize("sort", ["relevance", "start", "completed", "updated", "posted", "enrollment"])
@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("page", [10_000, 7], ids=["one request", "pages"])
def test_sorted_with_what_is_missing_last(
    twins: Twins, monkeypatch: pytest.MonkeyPatch, sort: str, page: int, *, ascending: bool
) -> None:
    turn_pages_of(page, monkeypatch)
    then = (("enrollment", True), ("start", False))
    for offset, limit in ((0, 100), (9, 20), (60, 5), (0, 0)):
        request = SearchRequest(sort=sort, ascending=ascending, then=then, offset=offset, limit=limit)
        assert_same(twins, request, order=True)


def test_pages_of_a_scored_answer_fit_together(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    request = SearchRequest(node=parse("disease OR patients"), facets=True, limit=100)
    whole = twins.far.search(request)
    turn_pages_of(7, monkeypatch)
    assert twins.far.search(request) == whole


QUESTIONS: list[tuple[Node, Filters]] = [
    (Any((*(Words((f"nosuch{number}",)) for number in range(1200)), Words(("lupus",)))), {}),
    (Any(tuple(Words(("system", "sclerosi", str(number))) for number in range(90))), {}),
    (parse("lupus"), {"cond": Any(tuple(Words((f"no{n}", "such"), "ConditionSearch") for n in range(200)))}),
    (parse("disease"), {"phase": Any(tuple(Value("phase", (f"PHASE{n % 4}",)) for n in range(1100)))}),
]


@pytest.mark.parametrize(("node", "made"), QUESTIONS, ids=["words", "phrases", "filter", "values"])
def test_a_question_too_large_for_one_request_is_answered(twins: Twins, node: Node, made: Filters) -> None:
    assert_same(twins, SearchRequest(node=node, filters=made, facets=True, limit=100), order=False)


def test_many_brackets(twins: Twins) -> None:
    node: Node = Words(("lupus",))
    for _ in range(60):
        node = Not(Any((node, Words(("nosuchword",)))))
    assert_same(twins, SearchRequest(node=node, facets=True, limit=100), order=False)


def test_words_of_any_length_are_told_apart(twins: Twins) -> None:
    for query in (LONG, f'"{LONG}"', f"cond:{LONG}s", f'"{LONG}s end"', "9" * 40_000, "9" * 39_999):
        assert_same(twins, SearchRequest(node=parse(query), limit=100), order=True)


def test_records_are_read_page_by_page(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    turn_pages_of(7, monkeypatch)
    for query in (
        "EXPANSION[None]disease",
        "AREA[OversightHasDMC]true patients",
        'COVERAGE[EndsWith]"diseases" OR lupus',
    ):
        assert_same(twins, SearchRequest(node=parse(query), facets=True, limit=100), order=False)


def test_similar_trials_know_filters(twins: Twins) -> None:
    for made in ({}, {"cond": parse("sclerosis")}, {"phase": Value("phase", ("PHASE2",)), "loc": parse("loc:france")}):
        far, near = (index.similar(["NCT05300932"], made, 10, None) for index in (twins.far, twins.near))
        assert [hit.nct_id for hit in far] == [hit.nct_id for hit in near]
    assert twins.far.misspelled(SearchRequest(node=parse("lupis"))) == twins.near.misspelled(
        SearchRequest(node=parse("lupis"))
    )


def test_a_pasted_page_of_ids_is_one_filter(twins: Twins) -> None:
    listed = filters({}, results=None, ids=[f"NCT{number:08d}" for number in range(1, 70_000)])
    assert_same(twins, SearchRequest(filters=listed, facets=True, limit=100), order=True)


# -- generations -------------------------------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """The sample in a cluster."""
    made = Cache(tmp_path / "cache")
    keep(made, *RECORDS)
    brought_up(made)
    return made


def renamed(record: RawRecord, title: str) -> RawRecord:
    """The same trial under another title."""
    data = {**record.data}
    protocol = {**data["protocolSection"]}
    protocol["identificationModule"] = {**protocol["identificationModule"], "briefTitle": title}
    return raw(record.nct_id, **protocol)


def titles(index: Index, query: str = "title:retitled") -> Sequence[str]:
    return sorted(hit.title for hit in index.search(SearchRequest(node=parse(query), limit=100)).hits)


def stored(cache: Cache, generation: int) -> int:
    """Documents in the index, seen or not."""
    index = target(cache, generation).index
    with contextlib.closing(Cluster(target(cache, generation).addresses)) as asked:
        asked.ask("POST", f"/{index}/_refresh")
        return int(asked.search(index, {"size": 0, "track_total_hits": True})["hits"]["total"]["value"])


def test_a_reader_keeps_its_generation_while_one_follows(cache: Cache) -> None:
    with opened(cache) as first:
        keep(cache, renamed(RECORDS[0], "Retitled once"))
        brought_up(cache)
        with opened(cache) as second:
            assert (titles(first), titles(second)) == ([], ["Retitled once"])
            assert target(cache, 1).index == target(cache, 2).index
            keep(cache, renamed(RECORDS[0], "Retitled twice"))
            brought_up(cache)
            with opened(cache) as third:
                assert (titles(second), titles(third)) == (["Retitled once"], ["Retitled twice"])


def test_what_nobody_sees_any_more_is_removed(cache: Cache) -> None:
    for number in range(2, 6):
        keep(cache, renamed(RECORDS[0], f"Retitled {number}"))
        brought_up(cache)
    # three versions of one trial: the fifth generation's, the fourth's and the third's, which the next update removes
    assert stored(cache, 5) == len(RECORDS) + 2


def test_the_alias_names_the_newest_index_and_the_one_before_is_kept(cache: Cache) -> None:
    alias = target(cache, 1).alias
    for _ in range(3):
        brought_up(cache, rebuild=True)
    assert cluster.indices(alias) == [f"{alias}-3", f"{alias}-4"]
    assert list(cluster.get(f"/_alias/{alias}")) == [f"{alias}-4"]


def test_a_rebuild_that_breaks_off_leaves_no_index(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    alias = target(cache, 1).alias
    with monkeypatch.context() as patched:
        patched.setattr(Cluster, "write", _refuses)
        with pytest.raises(ClusterRefused):
            brought_up(cache, rebuild=True)
    assert cluster.indices(alias) == [f"{alias}-1"]
    with opened(cache) as index:
        assert index.search(SearchRequest()).total == len(RECORDS)


def _refuses(*_: object) -> None:
    raise ClusterRefused("http://127.0.0.1:1", "no room")


def test_an_update_that_breaks_off_is_taken_back(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(cache, renamed(RECORDS[0], "Retitled"))
    with monkeypatch.context() as patched:
        patched.setattr("index.engines.opensearch.renewal.Renewal.finish", _refuses)
        with pytest.raises(ClusterRefused):
            brought_up(cache)
    assert stored(cache, 1) == len(RECORDS)
    with opened(cache) as index:
        assert titles(index) == []


def test_a_killed_update_is_taken_back_by_the_next(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(cache, renamed(RECORDS[0], "Retitled by the killed one"), renamed(RECORDS[1], "Retitled too"))
    with monkeypatch.context() as patched:
        patched.setattr("index.engines.opensearch.renewal.Renewal.abandon", lambda _: None)
        patched.setattr("index.engines.opensearch.renewal.Renewal._end", _refuses)
        with pytest.raises(ClusterRefused):
            brought_up(cache)
    assert stored(cache, 1) == len(RECORDS) + 2
    with opened(cache) as index:
        assert titles(index) == []
        assert index.search(SearchRequest()).total == len(RECORDS)
    keep(cache, renamed(RECORDS[0], "Retitled by the next"), RECORDS[1])
    brought_up(cache)
    with opened(cache) as index:
        assert titles(index) == ["Retitled by the next"]
        assert index.search(SearchRequest()).total == len(RECORDS)


def test_an_index_that_is_gone_is_told_and_built_anew(cache: Cache) -> None:
    held = target(cache, 1)
    with contextlib.closing(Cluster(held.addresses)) as asked:
        asked.ask("DELETE", f"/{held.index}")
    with opened(cache) as index, pytest.raises(ClusterForeign, match=r"is not there.*trialkin index --rebuild"):
        index.search(SearchRequest())
    keep(cache, renamed(RECORDS[0], "Retitled"))
    with pytest.raises(TrialkinError, match="is not there"):
        brought_up(cache)
    assert cluster.indices(held.alias) == []  # no write has brought it to life
    brought_up(cache, rebuild=True)
    with opened(cache) as index:
        assert titles(index) == ["Retitled"]


# -- the command line --------------------------------------------------------------------------------------------------


def test_an_address_chooses_the_engine(trialkin: Shell, tmp_path: Path) -> None:
    where = ("--cache", str(tmp_path))
    assert trialkin("load", str(SAMPLE), "--opensearch", cluster.address() or "", *where).code == 0
    assert trialkin("status", "--json", *where).json["engine"] == "opensearch"
    assert trialkin("index", "--json", *where).json["engine"] == "opensearch"
    found = trialkin("search", "lupus", "--facets", "--json", *where).json
    assert found["total"] == len(found["hits"]) + max(0, found["total"] - 10) > 0
    assert trialkin("verify", *where).code == 0


def test_a_cluster_that_is_down_is_one_sentence(
    trialkin: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ("--cache", str(tmp_path))
    assert trialkin("load", str(SAMPLE), "--opensearch", cluster.address() or "", *where).code == 0
    monkeypatch.setattr("index.engines.opensearch.cluster.PATIENCE_SECONDS", 0.5)
    monkeypatch.setenv("TRIALKIN_OPENSEARCH", "http://127.0.0.1:1,http://127.0.0.1:2")
    for command in (("search", "lupus"), ("similar", "NCT05300932"), ("index", "--rebuild")):
        ran = trialkin(*command, *where)
        assert ran.code == 1
        assert ran.out == ""
        assert ran.err.splitlines()[-1].startswith("trialkin: no OpenSearch answers at http://127.0.0.1:1, http://")
        assert "Traceback" not in ran.err
    monkeypatch.delenv("TRIALKIN_OPENSEARCH")
    assert trialkin("search", "lupus", *where).code == 0  # what could not be rebuilt still stands
