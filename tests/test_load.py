import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from crawler.config import Cache
from crawler.files import Unread
from crawler.load import PAGE_RECORDS, Loaded, load
from crawler.store import Store
from tests.records import body, study


def dated(nct_id: str, day: str | None, title: str = "T", **modules: dict[str, Any]) -> bytes:
    """Make a record that was last updated on a day."""
    posted = {} if day is None else {"lastUpdatePostDateStruct": {"date": day}}
    return body(study(nct_id, identificationModule={"briefTitle": title}, statusModule=posted, **modules))


def loaded(cache: Cache, *files: Iterable[bytes]) -> Loaded:
    """Load one file of lines after the other in one run."""
    sources = []
    for number, lines in enumerate(files, 1):
        path = cache.folder.parent / f"{number}.jsonl"
        path.write_bytes(b"\n".join(lines))
        sources.append(str(path))
    with Store.writing(cache) as store:
        return load(store, sources, lambda _more: None)


def held(cache: Cache) -> dict[str, tuple[int, str | None]]:
    """Each trial's current version and its title."""
    with Store.reading(cache) as store:
        current = store.db.execute("SELECT nct_id, version FROM trial").fetchall()
        readable = store.current_versions()
        return {ident: (number, store.trial(ident).brief_title) for ident, number in current if ident in readable}


def versions(cache: Cache, nct_id: str) -> list[tuple[int, str | None]]:
    with Store.reading(cache) as store:
        return store.db.execute(
            "SELECT number, last_update_posted FROM version WHERE nct_id = ? ORDER BY number", (nct_id,)
        ).fetchall()


def test_new_changed_unchanged_and_older_records_are_counted(cache: Cache) -> None:
    first = [
        dated("NCT00000001", "2020-01-01", "one"),
        dated("NCT00000002", "2020-01-01", "two"),
        dated("NCT00000003", "2020-01-01", "three"),
    ]
    second = [
        dated("NCT00000001", "2020-01-01", "one"),
        dated("NCT00000002", "2021-01-01", "two, changed"),
        dated("NCT00000003", "2019-12-31", "three, before"),
        dated("NCT00000004", "2018-01-01", "four"),
    ]
    assert loaded(cache, first) == Loaded(loaded=3)
    assert loaded(cache, second) == Loaded(loaded=2, unchanged=1, older=1)
    assert held(cache) == {
        "NCT00000001": (1, "one"),
        "NCT00000002": (2, "two, changed"),
        "NCT00000003": (1, "three"),
        "NCT00000004": (1, "four"),
    }
    assert versions(cache, "NCT00000002") == [(1, "2020-01-01"), (2, "2021-01-01")]
    # The older record is kept, after the one that we saw before it.
    assert versions(cache, "NCT00000003") == [(1, "2020-01-01"), (2, "2019-12-31")]


def test_loading_again_changes_nothing(cache: Cache) -> None:
    newer, older = dated("NCT00000001", "2021"), dated("NCT00000001", "2020", "before")
    assert loaded(cache, [newer, older]) == Loaded(loaded=1, older=1)
    with Store.reading(cache) as store:
        change = store.change
    assert loaded(cache, [newer, older, older]) == Loaded(unchanged=3)
    with Store.reading(cache) as store:
        assert (store.change, store.counts()["versions"]) == (change, 2)


def test_of_two_files_the_newest_record_wins_in_either_order(tmp_path: Path) -> None:
    records = [dated("NCT00000001", "2020-05", "old"), dated("NCT00000001", "2020-05-02", "new")]
    for number, order in enumerate((records, records[::-1])):
        cache = Cache(tmp_path / str(number) / "cache")
        cache.folder.mkdir(parents=True)
        loaded(cache, *([record] for record in order))
        assert {title for _, title in held(cache).values()} == {"new"}


@pytest.mark.parametrize(
    ("held_day", "day", "outcome"),
    [
        ("2020-05-02", "2020-05-02", Loaded(loaded=2)),  # the same day: the later one read wins
        ("2020-05-02", "2020-05-03", Loaded(loaded=2)),
        ("2020-05-02", "2020-05-01", Loaded(loaded=1, older=1)),
        ("2020-05-02", "2020-05", Loaded(loaded=1, older=1)),
        ("2020-05-02", None, Loaded(loaded=1, older=1)),  # what has no date can't be newer
        (None, "2020-05-02", Loaded(loaded=2)),
        (None, None, Loaded(loaded=2)),
    ],
)
def test_older_is_told_by_the_update_date(cache: Cache, held_day: str | None, day: str | None, outcome: Loaded) -> None:
    assert loaded(cache, [dated("NCT00000001", held_day, "a"), dated("NCT00000001", day, "b")]) == outcome
    assert [title for _, title in held(cache).values()] == ["b" if outcome.loaded == 2 else "a"]


def test_an_older_record_leaves_links_aliases_and_unknown_fields_alone(cache: Cache) -> None:
    newer = dated("NCT00000001", "2021", "Extension of NCT00000009", top={"mystery": 1})
    older = dated("NCT00000001", "2020", "Extension of NCT00000008", top={"enigma": 1})
    loaded(cache, [newer, older])
    with Store.reading(cache) as store:
        assert [(target, kind) for _, target, kind, _ in store.links_of("NCT00000001")] == [("NCT00000009", "mention")]
        assert store.unknown_fields() == {"mystery": 1}


def test_a_record_of_wrong_types_is_kept_raw_with_its_reason(cache: Cache) -> None:
    wrong = dated("NCT00000002", "2020", conditionsModule={"conditions": "Lupus"})
    assert loaded(cache, [dated("NCT00000001", "2020"), wrong, dated("NCT00000003", "2020")]) == Loaded(loaded=3)
    with Store.reading(cache) as store:
        assert store.raw("NCT00000002").body == wrong
        assert store.problems() == [
            (
                "NCT00000002",
                "Expected `array | null`, got `str` - at `$.protocolSection.conditionsModule.conditions`",
            )
        ]
        assert store.counts() == {"trials": 3, "gone": 0, "versions": 3, "problems": 1}
        assert list(store.current_versions()) == ["NCT00000001", "NCT00000003"]


def test_a_newer_record_of_wrong_types_takes_over_and_a_good_one_heals_it(cache: Cache) -> None:
    good = dated("NCT00000001", "2020")
    wrong = dated("NCT00000001", "2021", eligibilityModule={"minimumAge": "N/A"})
    mended = dated("NCT00000001", "2022")
    assert loaded(cache, [good, wrong]) == Loaded(loaded=2)
    with Store.reading(cache) as store:
        assert store.problems() == [("NCT00000001", "protocolSection.eligibilityModule.minimumAge: 'N/A' is no age")]
    assert loaded(cache, [good, wrong]) == Loaded(unchanged=2)
    assert loaded(cache, [mended]) == Loaded(loaded=1)
    with Store.reading(cache) as store:
        assert store.problems() == []
    assert held(cache) == {"NCT00000001": (3, "T")}


def test_what_cant_be_read_is_told_and_stops_nothing(cache: Cache, tmp_path: Path) -> None:
    cut = b'{"protocolSection":{"identificationModule":{"nctId":"NCT0000'
    outcome = loaded(
        cache,
        [dated("NCT00000001", "2020"), cut, b"{}", b"17", dated("NCT00000002", "2020")],
        [b"<html>"],
        [dated("NCT00000003", "2020")],
    )
    no_id = "no NCT id at protocolSection.identificationModule.nctId"
    first, second = f"{tmp_path}/1.jsonl", f"{tmp_path}/2.jsonl"
    assert (outcome.loaded, outcome.unchanged, outcome.older) == (3, 0, 0)
    assert outcome.failed == [
        Unread(f"{first}:2", "not JSON: Input data was truncated"),
        Unread(f"{first}:3", no_id),
        Unread(f"{first}:4", "expected an object, got int"),
        Unread(second, "not JSON of a known shape (JSON is malformed: invalid character (byte 0))"),
    ]
    assert list(held(cache)) == ["NCT00000001", "NCT00000002", "NCT00000003"]


def test_a_missing_file_is_told_and_the_next_is_read(cache: Cache, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(dated("NCT00000001", "2020"))
    with Store.writing(cache) as store:
        outcome = load(store, ["/nowhere/x.json", str(path)], lambda _more: None)
    assert outcome == Loaded(loaded=1, failed=[Unread("/nowhere/x.json", "can't be read (No such file or directory)")])


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_pages_follow_one_another_across_files(cache: Cache, tmp_path: Path, extra: int) -> None:
    records = [dated(f"NCT{number:08d}", "2020") for number in range(1, 2 * PAGE_RECORDS + extra + 1)]
    sources = []
    for name, part in (("a", records[:300]), ("b", records[300:])):
        (tmp_path / name).write_bytes(b"\n".join(part))
        sources.append(str(tmp_path / name))
    pages: list[int] = []
    with Store.writing(cache) as store:
        outcome = load(store, sources, pages.append)
    assert outcome == Loaded(loaded=2 * PAGE_RECORDS + extra)
    assert pages == {-1: [500, 499], 0: [500, 500], 1: [500, 500, 1]}[extra]
    with Store.reading(cache) as store:
        assert [raw.body for raw in store.records()] == records


def test_a_page_is_kept_when_it_is_told(cache: Cache, tmp_path: Path) -> None:
    """What `advance` was told of is on disk, though the run breaks off on the page after."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(dated(f"NCT{number:08d}", "2020") for number in range(1, PAGE_RECORDS + 2)))

    def interrupt(more: int) -> None:
        with Store.reading(cache) as other:
            assert other.counts()["trials"] == more
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Store.writing(cache) as store:
        load(store, [str(path)], interrupt)
    with Store.reading(cache) as store:
        assert store.counts()["trials"] == PAGE_RECORDS


def test_numbers_and_the_version_holder_make_no_version(cache: Cache) -> None:
    record = study(
        "NCT00000001",
        designModule={"enrollmentInfo": {"count": 30}},
        derived={"miscInfoModule": {"versionHolder": "2026-08-19"}},
    )
    first = json.dumps(record).encode()
    second = first.replace(b"2026-08-19", b"2026-08-20").replace(b": 30", b": 30.0")
    assert loaded(cache, [first], [second]) == Loaded(loaded=1, unchanged=1)
    with Store.reading(cache) as store:
        assert store.raw("NCT00000001").body == first
