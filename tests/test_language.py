"""Fields that are read in the records, exact words, coverage.

Expected ids were read out of the sample's records, and of the ones written here, by hand.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config import Cache
from crawler.errors import UsageError
from crawler.record import RawRecord
from crawler.store import Store
from index import analysis
from index.errors import QueryError, RecordsNeeded, WordTooCommon
from index.query.filters import filters
from index.query.interpret import MOST_FIELDS
from index.query.parse import parse
from index.query.tree import Words
from index.search import Index, SearchRequest, open_index
from index.written import stands
from tests.indexes import brought_up, keep
from tests.records import raw


@pytest.fixture(scope="module")
def sample(sample_cache: Cache) -> Iterator[Index]:
    with Store.reading(sample_cache) as store, open_index(sample_cache.index, "auto", store.raw_as) as index:
        yield index


RECORDS = [
    raw(
        "NCT00000001",
        identificationModule={"briefTitle": "Running in heart failure", "orgStudyIdInfo": {"id": "HF-1"}},
        conditionsModule={"conditions": ["Heart Failure"], "keywords": ["runner"]},
        eligibilityModule={"minimumAge": "6 Months", "maximumAge": "16 Years", "healthyVolunteers": False},
        contactsLocationsModule={"centralContacts": [{"name": "Ann", "phone": "555-0100", "email": "ann@heart.org"}]},
        derived={"miscInfoModule": {"removedCountries": ["France"]}},
    ),
    raw(
        "NCT00000002",
        identificationModule={"briefTitle": "To run, or not"},
        conditionsModule={"conditions": ["Heart Failure, Systolic", "Chronic Heart Failure"]},
        eligibilityModule={"minimumAge": "18 Years", "healthyVolunteers": True, "stdAges": ["ADULT", "OLDER_ADULT"]},
        statusModule={"studyFirstSubmitDate": "2020-05-31", "dispFirstSubmitDate": "2021-02"},
        designModule={"nPtrsToThisExpAccNctId": 2, "targetDuration": "18 Months"},
        contactsLocationsModule={"locations": []},
    ),
    raw(
        "NCT00000003",
        identificationModule={"briefTitle": "Sjögren’s patient's heart; failure"},
        conditionsModule={"conditions": ["Failure of the heart"]},
        eligibilityModule={"minimumAge": "52 Weeks", "stdAges": ["CHILD"]},
        contactsLocationsModule={"locations": [{"city": "Oslo"}, {"city": "Running Springs", "zip": "92382"}]},
    ),
]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    cache = Cache(Path(tmp_path_factory.mktemp("language")))
    keep(cache, *RECORDS)
    brought_up(cache)
    with Store.reading(cache) as store, open_index(cache.index, "auto", store.raw_as) as index:
        yield index


def found(index: Index, query: str) -> list[int]:
    page = index.search(SearchRequest(query, parse(query), facets=True, limit=60))
    assert page.total == len(page.hits)
    return sorted(int(hit.nct_id[3:]) for hit in page.hits)


# -- any field -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("AREA[MinimumAge]RANGE[MIN, 16 years]", [1, 3]),
        ("AREA[minimumage]RANGE[1, MAX]", [2]),
        ("AREA[MinimumAge]RANGE[6 months, 52 weeks]", [1, 3]),
        ('AREA[MinimumAge]"6 Months"', [1]),
        ("AREA[MinimumAge]0.5", [1]),
        ("minimumage:18..", [2]),
        ("AREA[MaximumAge]RANGE[MIN, MAX]", [1]),
        ("AREA[MaximumAge]MISSING", [2, 3]),
        ("AREA[TargetDuration]RANGE[1 year, 2 years]", [2]),
        ("AREA[HealthyVolunteers]true", [2]),
        ("AREA[HealthyVolunteers]FALSE", [1]),
        ("AREA[HealthyVolunteers]MISSING", [3]),
        ("NOT AREA[HealthyVolunteers]true", [1, 3]),
        ("AREA[StdAge]CHILD", [3]),
        ("AREA[StdAge]ADULT", [2]),
        ("AREA[StdAge]OLDER", []),
        ('StdAge:"older adult"', [2]),
        ("AREA[StdAge]INFANT", []),
        ("AREA[StudyFirstSubmitDate]2020-05", [2]),
        ("AREA[StudyFirstSubmitDate]RANGE[2020-06,MAX]", []),
        ("AREA[DispFirstSubmitDate]RANGE[2021-02-01,2021-02-01]", [2]),
        ("AREA[DispFirstSubmitDate]RANGE[2021-02-02,MAX]", []),
        ("AREA[StudyFirstSubmitDate]MISSING", [1, 3]),
        ("AREA[NPtrsToThisExpAccNCTId]2", [2]),
        ("AREA[NPtrsToThisExpAccNCTId]RANGE[2.5,MAX]", []),
        ('AREA[CentralContactPhone]"555 0100"', [1]),
        ("AREA[CentralContactEMail]hearts", [1]),
        ('AREA[CentralContactEMail]"heart ann"', []),
        ("AREA[RemovedCountry]france", [1]),
        ("AREA[Location]MISSING", [1, 2]),
        ("AREA[LocationZip]MISSING", [1, 2]),
        ("AREA[OrgStudyId]MISSING heart", [2, 3]),
        ("AREA[BriefTitle]MISSING", []),
        ("AREA[HasResults]true", []),
        ("(AREA[StdAge]CHILD OR AREA[HealthyVolunteers]true) heart", [2, 3]),
    ],
)
def test_any_field_of_a_protocol_can_be_asked_for(own: Index, query: str, expected: list[int]) -> None:
    assert found(own, query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("AREA[HealthyVolunteers]true", [432, 463437, 4857515, 5440721, 6583395]),
        ("AREA[HealthyVolunteers]MISSING", [4323761, 4353609, 6936215]),
        ("AREA[MinimumAge]RANGE[MIN,1 year]", [6133, 463437, 5521087, 5745714]),
        ("AREA[MinimumAge]MISSING", [432, 1426, 1473, 4567, 4353609, 4431453, 6936215]),
        ("AREA[DesignAllocation]NON_RANDOMIZED", [4320277, 4431453, 5300932, 5521087]),
        ("AREA[DesignMasking]TRIPLE", [89661, 5440721]),
        ("AREA[OrgClass]MISSING", [1426, 1473, 1596, 4567, 4786, 4362137, 6936215]),
        ("AREA[IPDSharing]YES", [2397473, 2797951, 4431453, 5521087, 5745714, 5843643]),
        ("AREA[StatusVerifiedDate]RANGE[2013-05,2013-11]", [401, 419, 420, 1426]),
        ("AREA[StatusVerifiedDate]2013-05", [401, 419, 420]),
        ("AREA[PrimaryCompletionDate]RANGE[2026,MAX]", [5521087, 5745714, 5843643]),
        ("AREA[StdAge]MISSING", [6936215]),
    ],
)
def test_the_sample_s_records_say_who_is_meant(sample: Index, query: str, expected: list[int]) -> None:
    assert found(sample, query) == expected


@pytest.mark.parametrize(
    ("query", "position", "expected"),
    [
        ("a AREA[OutcomeMeasureTitle]x", 2, "not OutcomeMeasureTitle: results are kept and shown, not searched"),
        ("AREA[LargeDocLabel]x", 0, "not LargeDocLabel: documents are named in a record"),
        ("AREA[UnpostedEvent]MISSING", 0, "not UnpostedEvent: the registry's annotations are kept"),
        ("AREA[DesignMaskng]x", 0, "a known area, not 'DesignMaskng' (did you mean DesignMasking?)"),
        ("AREA[Location]Paris", 14, "MISSING, for Location has no value of its own; fields in it are LocationCity"),
        ("AREA[LocationGeoPoint]1", 22, "MISSING, for LocationGeoPoint has no value of its own"),
        ("AREA[StartDate]RANGE[2022]", 15, "AREA[Field]RANGE[from,to], where MIN and MAX leave an end open"),
        ("gout RANGE[1,2]", 5, "AREA[Field]RANGE[from,to], where MIN and MAX leave an end open"),
        ("gout area[Condition]lupus", 5, "AREA[…] in capitals"),
        ("search [location](paris)", 0, "SEARCH[…] in capitals"),
        ("gout AREA[", 9, "AREA[Field] or quotation marks"),
        ("AREA[HealthyVolunteers]maybe", 23, "a value of HealthyVolunteers: true, false"),
        ("AREA[MinimumAge]RANGE[old, MAX]", 16, "a range such as A..B with ages"),
        ("AREA[MinimumAge]RANGE[16 years, 6 months]", 16, "the smaller one first"),
        ("AREA[MinimumAge]nan", 16, "a range such as A..B with ages"),
        ("AREA[NPtrsToThisExpAccNCTId]many", 28, "a range such as A..B with numbers"),
        ("AREA[StudyFirstSubmitDate]RANGE[MAX,MIN]", 26, "a range such as A..B with dates"),
        ("AREA[StudyFirstSubmitDate]RANGE[2021,2020]", 26, "the earlier one first"),
        ("AREA[StdAge]RANGE[1,2]", 12, "a field of dates, numbers or ages before RANGE, not StdAge"),
        ("AREA[BasicSearch]MISSING", 17, "one field before MISSING, not BasicSearch"),
        ("EXPANSION[Nine]x", 0, "EXPANSION of None, Term, Relaxation, Lossy, Concept, not 'Nine' (did you mean None?)"),
        ("COVERAGE[Full]x", 0, "COVERAGE of Contains, FullMatch, StartsWith, EndsWith, not 'Full'"),
        ("AREA[Phase]COVERAGE[StartsWith]2", 31, "a field of text for COVERAGE[StartsWith], not phase"),
        ("EXPANSION[None]", 15, "a word, a phrase or an area"),
        ("COVERAGE[", 8, "AREA[Field] or quotation marks"),
    ],
)
def test_what_can_t_be_asked_is_pointed_at(query: str, position: int, expected: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert caught.value.position == position
    assert expected in caught.value.expected


def test_so_many_fields_are_read_and_no_more() -> None:
    parse("AREA[StdAge]CHILD " * MOST_FIELDS)
    with pytest.raises(QueryError, match="at most 24 fields"):
        parse("AREA[StdAge]CHILD " * (MOST_FIELDS + 1))


def test_without_records_what_is_in_them_can_t_be_told(sample_index: Index, sample_cache: Cache) -> None:
    with open_index(sample_cache.index) as index:
        with pytest.raises(RecordsNeeded, match=r"StdAge is not in the index: it is read in the records"):
            index.search(SearchRequest(node=parse("AREA[StdAge]CHILD")))
        with pytest.raises(UsageError, match="lung"):
            index.search(SearchRequest(node=parse("EXPANSION[None]lung OR EXPANSION[None]lungs")))
    assert sample_index.search(SearchRequest(node=parse("AREA[MaximumAge]RANGE[90,MAX]"))).total > 0  # a column's


def test_records_are_read_once_and_only_for_rows_that_are_left(sample_cache: Cache) -> None:
    asked: list[str] = []
    with Store.reading(sample_cache) as store:

        def record(nct_id: str, digest: bytes) -> RawRecord:
            asked.append(nct_id)
            return store.raw_as(nct_id, digest)

        with open_index(sample_cache.index, "auto", record) as index:
            made = filters({"phase": ["4"]}, results=None, ids=None)
            request = SearchRequest(node=parse("AREA[StdAge]ADULT AREA[HealthyVolunteers]false"), filters=made)
            assert index.search(request).total == 1
            assert asked == ["NCT05300932"]
            assert index.search(request).total == 1
            assert asked == ["NCT05300932"]


# -- exact words and coverage ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("run", [1, 2, 3]),
        ("EXPANSION[None]run", [2]),
        ("EXPANSION[None]running", [1, 3]),
        ("EXPANSION[term]run", [1, 2, 3]),
        ("title:EXPANSION[None]running", [1]),
        ("EXPANSION[None](run OR runner)", [1, 2]),
        ("EXPANSION[None]sjogren", [3]),
        ("EXPANSION[None]SJÖGREN", [3]),
        ('EXPANSION[None]"patient heart failure"', [3]),
        ("AREA[BriefTitle]EXPANSION[None]s", []),
        ("AREA[CentralContactEMail]EXPANSION[None]hearts", []),
        ('AREA[Condition]COVERAGE[FullMatch]"heart failure"', [1]),
        ('COVERAGE[FullMatch]AREA[Condition]"failures heart"', []),
        ('cond:COVERAGE[StartsWith]"heart failures"', [1, 2]),
        ('AREA[Condition]COVERAGE[EndsWith]"heart failure"', [1, 2]),
        ("AREA[Condition]COVERAGE[EndsWith]heart", [3]),
        ('AREA[Condition]COVERAGE[Contains]"heart failure"', [1, 2]),
        ("AREA[Condition]COVERAGE[EndsWith]EXPANSION[None]hearts", []),
        ("COVERAGE[EndsWith]EXPANSION[None]AREA[Condition]heart", [3]),
        ("COVERAGE[StartsWith]running", [1, 3]),
        ("COVERAGE[FullMatch]oslo", [3]),
        ("COVERAGE[FullMatch]HF-1", [1]),
        ("AREA[CentralContactPhone]COVERAGE[FullMatch]555", []),
        ("AREA[CentralContactPhone]COVERAGE[StartsWith]555", [1]),
        ("SEARCH[Location](EXPANSION[None]run)", []),
        ("SEARCH[Location](COVERAGE[StartsWith]running)", [3]),
        ("SEARCH[Location](COVERAGE[FullMatch]running)", []),
        ("heart NOT EXPANSION[None]running", [2]),
    ],
)  # fmt: skip
def test_words_as_written_and_so_much_of_a_value(own: Index, query: str, expected: list[int]) -> None:
    assert found(own, query) == expected


def test_exact_words_have_no_synonyms_and_score_as_plain_ones(sample: Index) -> None:
    exact = sample.search(SearchRequest(node=parse("EXPANSION[None]lupus"), synonyms=True, limit=60))
    plain = sample.search(SearchRequest(node=parse("lupus"), limit=60))
    assert exact.also == []
    assert {hit.nct_id: hit.score for hit in exact.hits}.items() <= {h.nct_id: h.score for h in plain.hits}.items()


def test_few_records_are_looked_through_as_many_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path)
    keep(cache, *RECORDS)
    brought_up(cache)
    for trials_a_record in (0, 1000):
        monkeypatch.setattr("index.record_fields._MANY", trials_a_record)
        with Store.reading(cache) as store, open_index(cache.index, "auto", store.raw_as) as index:
            assert found(index, "EXPANSION[None]running") == [1, 3]
            assert found(index, 'cond:COVERAGE[StartsWith]"heart failures"') == [1, 2]
            assert found(index, "title:EXPANSION[None]running") == [1]


def test_a_word_of_too_many_records_is_pointed_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.record_fields.MOST_LOOKS", 5)
    cache = Cache(tmp_path)
    keep(cache, *RECORDS)
    brought_up(cache)
    with Store.reading(cache) as store, open_index(cache.index, "auto", store.raw_as) as index:
        with pytest.raises(WordTooCommon) as refused:
            found(index, "heart EXPANSION[None]running")
        assert str(refused.value) == (
            "EXPANSION[None] or COVERAGE of 'running' has to be looked up in 3 records, and one question may read 2. "
            "Add a rarer word or a filter, or leave it out.\n"
            "  heart EXPANSION[None]running\n"
            "                       ^"
        )
        assert found(index, "sjogren EXPANSION[None]running") == [3]
        alone = SearchRequest(filters=filters({"title": ["EXPANSION[None]running"]}, results=None, ids=None))
        assert index.search(alone).total == 1
        monkeypatch.setattr("index.record_fields.MOST_LOOKS", 3)  # two other trials have the word: four looks
        with pytest.raises(WordTooCommon, match=r"leave it out\.$"):
            index.similar(["NCT00000001"], filters({"cond": ["EXPANSION[None]heart"]}, results=None, ids=None), 1, None)


TEXT = st.text(st.sampled_from("aAbé ßs'’-.,;\n ™n"), max_size=300)


@given(text=TEXT, begin=st.integers(0, 20), count=st.integers(1, 3), exact=st.booleans())
def test_a_piece_of_a_text_tells_what_the_whole_would(text: str, begin: int, count: int, *, exact: bool) -> None:
    held = analysis.words(text)
    wanted = tuple(held[begin : begin + count]) or ("a",)
    terms = tuple(map(analysis.stem, wanted))
    form, forms = (list(wanted), held) if exact else (list(terms), [analysis.stem(word) for word in held])
    size = len(form)
    expected = {
        "FullMatch": forms == form,
        "StartsWith": forms[:size] == form,
        "EndsWith": len(forms) >= size and forms[-size:] == form,
        "Contains": any(forms[at : at + size] == form for at in range(len(forms))),
    }
    written = wanted if exact else ()
    told = {
        coverage: stands(Words(terms, written=written, coverage=coverage), text)
        for coverage in ("FullMatch", "StartsWith", "EndsWith", "Contains")
    }
    assert told == expected
