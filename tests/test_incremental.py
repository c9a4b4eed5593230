"""A changed, new or vanished record reaches every engine's index without a rebuild, as a rebuild would have it."""

from pathlib import Path

import msgspec
import pytest

from crawler.config import Cache
from crawler.record import RawRecord
from crawler.store import Store
from index.build import update
from index.manifest import Manifest
from index.query.parse import parse
from index.search import Index, SearchPage, SearchRequest
from index.verify import index_problems
from tests import indexes
from tests.cluster import ENGINE_PARAMETERS, address
from tests.conftest import SAMPLE
from tests.indexes import keep, opened

RECORDS = [RawRecord(line) for line in SAMPLE.read_bytes().splitlines()]
CHANGED, GONE, LATE = RECORDS[10], RECORDS[20].nct_id, RECORDS[30]
QUERIES = (
    "lupus",
    "systemic sclerosis",
    '"systemic sclerosis" NOT baricitinib',
    "hypertriglyceridaemia",
    "cond:hypertriglyceridaemia",
    "AREA[Condition]sclerosis OR phase:3",
    "status:withdrawn",
    "enrollment:4321",
    "NOT country:China",
    "SEARCH[Location](AREA[LocationCity]Reykjavik AND AREA[LocationCountry]Iceland)",
    "AREA[StdAge]CHILD",
    'EXPANSION[None]"hypertriglyceridaemia"',
    "",
)


def changed(record: RawRecord) -> RawRecord:
    """The same trial with another condition, status, size and one site."""
    data = msgspec.json.decode(record.body)
    protocol = data["protocolSection"]
    protocol["conditionsModule"] = {"conditions": ["Hypertriglyceridaemia"], "keywords": ["sclerosis"]}
    protocol["statusModule"]["overallStatus"] = "WITHDRAWN"
    protocol["designModule"]["enrollmentInfo"] = {"count": 4321, "type": "ACTUAL"}
    protocol["contactsLocationsModule"] = {"locations": [{"city": "Reykjavik", "country": "Iceland"}]}
    return RawRecord(msgspec.json.encode(data))


def drop(cache: Cache, nct_id: str) -> None:
    with Store.writing(cache) as store, store.transaction():
        store.db.execute("UPDATE trial SET gone = '2026-01-01' WHERE nct_id = ?", (nct_id,))


def brought_up(cache: Cache, engine: str, *, rebuild: bool = False) -> Manifest:
    manifest, built = indexes.brought_up(cache, engine, rebuild=rebuild, address=address(engine))
    assert built
    return manifest


def answers(index: Index) -> list[SearchPage]:
    requests = [SearchRequest(query, parse(query) if query else None, facets=True, limit=100) for query in QUERIES]
    return [index.search(request) for request in requests]


def found(pages: list[SearchPage]) -> list[tuple[object, ...]]:
    """All but what frozen frequencies may change: scores and the order by them."""
    return [(page.query, page.total, sorted(hit.nct_id for hit in page.hits), page.facets) for page in pages]


@pytest.fixture(params=ENGINE_PARAMETERS)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def cache(tmp_path: Path, engine: str) -> Cache:
    """All trials of the sample but one, indexed."""
    made = Cache(tmp_path / "cache")
    keep(made, *(record for record in RECORDS if record is not LATE))
    assert brought_up(made, engine).updates == 0
    return made


def test_new_changed_and_gone_are_found_as_after_a_rebuild(cache: Cache, engine: str) -> None:
    keep(cache, changed(CHANGED), LATE)
    drop(cache, GONE)
    manifest = brought_up(cache, engine)
    assert (manifest.updates, manifest.updated, manifest.documents) == (1, 3, len(RECORDS) - 1)
    with Store.reading(cache) as store:
        assert list(index_problems(store, {})) == []
    with opened(cache) as index:
        updated = found(answers(index))
        assert index.card(GONE) is None
        card = index.card(CHANGED.nct_id)
        assert card is not None
        assert (card.status, card.enrollment) == ("WITHDRAWN", 4321)
    by_query = {query: nct_ids for query, _, nct_ids, _ in updated}
    assert by_query["hypertriglyceridaemia"] == by_query["enrollment:4321"] == [CHANGED.nct_id]
    assert by_query["SEARCH[Location](AREA[LocationCity]Reykjavik AND AREA[LocationCountry]Iceland)"] == [
        CHANGED.nct_id
    ]
    assert brought_up(cache, engine, rebuild=True).updates == 0
    with opened(cache) as index:
        assert found(answers(index)) == updated


def test_updates_follow_each_other(cache: Cache, engine: str) -> None:
    keep(cache, changed(CHANGED))
    brought_up(cache, engine)
    keep(cache, CHANGED, LATE)
    brought_up(cache, engine)
    drop(cache, LATE.nct_id)
    assert brought_up(cache, engine).updates == 3
    with opened(cache) as index:
        updated = found(answers(index))
    brought_up(cache, engine, rebuild=True)
    with opened(cache) as index:
        assert found(answers(index)) == updated


def test_a_reader_keeps_the_generation_that_it_opened(cache: Cache, engine: str) -> None:
    with opened(cache) as index:
        before = answers(index)
        keep(cache, changed(CHANGED), LATE)
        drop(cache, GONE)
        brought_up(cache, engine)
        assert answers(index) == before


def test_an_update_that_breaks_off_leaves_no_trace(cache: Cache, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(cache) as index:
        before = answers(index)
    keep(cache, changed(CHANGED), LATE)
    with monkeypatch.context() as patched, Store.writing(cache) as store:
        patched.setattr("index.build.write_manifest", _fails)
        with pytest.raises(OSError, match="full"):
            update(store, engine, lambda _more: None, address=address(engine))
    with opened(cache) as index:
        assert found(answers(index))[-1][1] == found(before)[-1][1]
        assert index.search(SearchRequest(node=parse("hypertriglyceridaemia"))).total == 0
    assert brought_up(cache, engine).updates == 1
    with opened(cache) as index:
        assert index.search(SearchRequest(node=parse("hypertriglyceridaemia"))).total == 1


def _fails(*_: object) -> None:
    raise OSError(28, "the disk is full")


def test_the_similar_of_an_updated_trial_are_those_of_a_rebuild(cache: Cache, engine: str) -> None:
    keep(cache, changed(CHANGED), LATE)
    drop(cache, GONE)
    brought_up(cache, engine)
    with opened(cache) as index:
        updated = [[hit.nct_id for hit in index.similar([i], {}, 10, None)] for i in index.columns.ids]
    brought_up(cache, engine, rebuild=True)
    with opened(cache) as index:
        rebuilt = [[hit.nct_id for hit in index.similar([i], {}, 10, None)] for i in index.columns.ids]
    assert all(GONE not in hits for hits in updated)
    overlaps = [len(set(one) & set(other)) / max(len(other), 1) for one, other in zip(updated, rebuilt, strict=True)]
    assert sum(overlaps) / len(overlaps) >= 0.95


def test_many_changes_build_anew(cache: Cache, engine: str) -> None:
    keep(cache, *(changed(record) for record in RECORDS[:6]))
    assert brought_up(cache, engine).updates == 0
