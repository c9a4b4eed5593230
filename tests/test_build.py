import pytest

from crawler.config import Cache
from crawler.record import RawRecord
from crawler.store import Store
from index import search
from index.build import build, update
from index.errors import IndexMissing
from index.manifest import checksums, read_manifest
from index.query.parse import parse
from index.search import SearchRequest, open_index
from index.similar.reasons import no_kin
from tests.generations import about, found, generations
from tests.indexes import brought_up, indexed, keep
from tests.records import raw

pytest_plugins = ("tests.generations",)


def broken_off(cache: Cache, error: BaseException, at: int = 2) -> None:
    """Bring the index up and fail when so many trials were read."""
    read = 0

    def advance(more: int) -> None:
        nonlocal read
        read += more
        if read == at:
            raise error

    with Store.writing(cache) as store, pytest.raises(type(error)):
        update(store, "auto", advance)


# -- building --------------------------------------------------------------------------------------------------------


def test_a_first_build_is_generation_1_and_says_what_it_is(three: Cache) -> None:
    manifest = read_manifest(three.index)
    assert (manifest.generation, manifest.documents, manifest.engine) == (1, 3, "whoosh")
    assert manifest.data_timestamp is None
    assert manifest.files == checksums(three.index / "generation-000001")
    assert {path.partition("/")[0] for path in manifest.files} == {
        "carriers",
        "columns",
        "sites",
        "vectors",
        "whoosh",
        "words",
    }
    assert sorted(path.name for path in three.index.iterdir()) == ["generation-000001", "manifest.json"]


def test_an_unchanged_store_is_not_indexed_again(three: Cache) -> None:
    before = {path: path.stat().st_mtime_ns for path in three.index.rglob("*")}
    manifest, built = brought_up(three)
    assert (built, manifest.generation) == (False, 1)
    keep(three, about("NCT00000002", "Scleroderma"))  # the same record once more
    assert brought_up(three) == (manifest, False)
    assert {path: path.stat().st_mtime_ns for path in three.index.rglob("*")} == before


def test_a_changed_store_is_indexed_again(three: Cache) -> None:
    keep(three, raw("NCT00000004"))
    manifest, built = brought_up(three)
    assert (built, manifest.generation, manifest.documents) == (True, 2, 4)
    assert len(found(three)) == 4


def test_a_rebuild_builds_whatever_stands_there(three: Cache) -> None:
    with Store.writing(three) as store:
        manifest, built = update(store, "auto", lambda _more: None, rebuild=True)
    assert (built, manifest.generation) == (True, 2)


def test_every_trial_read_is_told(three: Cache) -> None:
    read: list[int] = []
    with Store.writing(three) as store:
        build(store, "whoosh", read.append)
    assert sum(read) == 3


def test_a_record_that_breaks_the_rules_is_left_out(three: Cache) -> None:
    keep(three, raw("NCT00000004", statusModule={"startDateStruct": {"date": "soon"}}))
    manifest, _ = brought_up(three)
    assert manifest.documents == 3


def test_a_store_without_trials_is_an_index_without_documents(cache: Cache) -> None:
    keep(cache)
    manifest, built = brought_up(cache)
    assert (built, manifest.documents) == (True, 0)
    assert found(cache) == []


# -- switching -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")], ids=["stop", "full"])
def test_a_build_broken_off_leaves_the_old_generation_serving(three: Cache, error: BaseException) -> None:
    keep(three, raw("NCT00000004"))
    broken_off(three, error)
    assert read_manifest(three.index).generation == 1
    assert len(found(three)) == 3
    manifest, built = brought_up(three)
    assert (built, manifest.documents) == (True, 4)
    assert generations(three) == ["generation-000001", "generation-000002"]
    assert len(found(three)) == 4


def test_a_first_build_broken_off_leaves_no_index(cache: Cache) -> None:
    keep(cache, raw("NCT00000001"), raw("NCT00000002"))
    broken_off(cache, KeyboardInterrupt())
    with pytest.raises(IndexMissing):
        found(cache)
    assert brought_up(cache)[1]
    assert found(cache) == ["NCT00000001", "NCT00000002"]


def test_a_build_that_can_t_begin_leaves_nothing(three: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.generation.engine_writer", full)
    keep(three, raw("NCT00000004"))
    with pytest.raises(OSError, match="No space left"):
        brought_up(three)
    assert generations(three) == ["generation-000001"]


def test_what_a_killed_build_left_is_removed_and_never_taken_for_an_index(three: Cache) -> None:
    killed_while_writing = three.index / "building-000002"
    killed_before_the_manifest = three.index / "generation-000002"
    for folder in (killed_while_writing, killed_before_the_manifest):
        folder.mkdir()
        (folder / "half").write_bytes(b"half")
    (three.index / "manifest.json.new").write_bytes(b"half")
    assert len(found(three)) == 3
    keep(three, raw("NCT00000004"))
    manifest, _ = brought_up(three)
    assert manifest.generation == 3
    assert not killed_while_writing.exists()
    assert len(found(three)) == 4


def test_old_generations_are_removed_but_the_one_before(three: Cache) -> None:
    for number in range(4, 8):
        keep(three, raw(f"NCT0000000{number}"))
        brought_up(three)
    assert generations(three) == ["generation-000004", "generation-000005"]
    assert len(found(three)) == 7


def test_a_reader_keeps_the_generation_that_it_opened(three: Cache) -> None:
    with open_index(three.index) as index:
        for number in (4, 5, 6):
            keep(three, raw(f"NCT0000000{number}"))
            brought_up(three)
        assert not (three.index / "generation-000001").exists()
        page = index.search(SearchRequest(node=parse("trial"), facets=True))
        assert [hit.nct_id for hit in page.hits] == ["NCT00000001", "NCT00000002", "NCT00000003"]
        assert index.card("NCT00000004") is None
        nearest, other = index.similar(["NCT00000001"], {}, 10, no_kin)
        assert (nearest.nct_id, other.nct_id) == ("NCT00000002", "NCT00000003")
        assert nearest.why is not None
        assert nearest.why.terms[0].term == "scleroderma"
    assert len(found(three)) == 6


def test_a_reader_that_two_updates_overtook_opens_the_newest(three: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read_manifest(three.index)
    for number in (4, 5):
        keep(three, raw(f"NCT0000000{number}"))
        brought_up(three)
    read = iter([first])
    monkeypatch.setattr(search, "read_manifest", lambda folder: next(read, None) or read_manifest(folder))
    assert not (three.index / first.folder).exists()
    assert len(found(three)) == 5


def test_a_later_version_of_a_record_is_what_is_found(cache: Cache) -> None:
    with indexed(cache, raw("NCT00000001")) as index:
        assert index.search(SearchRequest(node=parse("trial"))).total == 1
    renamed: RawRecord = raw("NCT00000001", identificationModule={"briefTitle": "Renamed"})
    with indexed(cache, renamed) as index:
        assert index.search(SearchRequest(node=parse("trial"))).total == 0
        assert index.search(SearchRequest(node=parse("renamed"))).total == 1
