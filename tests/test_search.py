"""Expected values were counted in the sample's raw records, not with the code under test."""

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from crawler.config import Cache
from index.highlight import Highlight, Highlighter
from index.query.filters import filters
from index.query.parse import parse
from index.search import Index, SearchPage, SearchRequest
from tests.indexes import indexed
from tests.records import raw


def found(index: Index, query: str | None, **flags: str) -> SearchPage:
    made = filters({name: [value] for name, value in flags.items()}, results=None, ids=None)
    node = None if query is None else parse(query)
    return index.search(SearchRequest(query, node, made, facets=True, limit=100))


def ids(page: SearchPage) -> list[str]:
    return [hit.nct_id for hit in page.hits]


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("lupus", 8),
        ("cond:lupus", 6),
        ("elig:lupus NOT cond:lupus", 2),
        ("NOT lupus", 43),
        ("baricitinib", 6),
        ('"systemic sclerosis"', 11),
        ('"systemic sclerosis" baricitinib', 2),
        ('"systemic sclerosis" OR lupus', 19),
        ("double-blind", 9),
        ('"double blind"', 9),
        ("DOUBLE-BLIND", 9),
        ("double", 18),
        ("outc:skin", 6),
        ("elig:pregnant OR elig:pregnancy", 18),
        ('spons:"eli lilly"', 4),
        ("id:NCT05300932", 1),
        ('cond:"systemic sclerosis"', 11),
        ('AREA[ConditionSearch]"systemic sclerosis"', 11),
        ('AREA[Condition]"systemic sclerosis"', 9),  # the field, not the area: one has it in its title alone
        ("cond:baricitinib", 4),
        ("AREA[Condition]baricitinib", 0),
        ('AREA[Condition]"Systemic Lupus Erythematosus"', 5),
        ('AREA[Condition]"Lung Diseases Pulmonary"', 0),  # of two values side by side
        ('AREA[Condition]"Lupus Erythematosus, Systemic"', 1),
        ("phase:3", 22),
        ("status:recruiting", 4),  # not NOT_YET_RECRUITING, of which there are six
        ("AREA[Phase]MISSING", 9),
        ('loc:"Korea, Republic of"', 4),
        ('loc:"South Korea"', 4),
        ('AREA[LocationCountry]"South Korea"', 4),
        ("country:turkey", 2),
        ('country:"Turkey (Türkiye)"', 2),
        ('country:"russian federation"', 2),
        ("country:russia", 2),
        ("loc:russia", 2),
        ("sex:female", 5),
        ("enrollment:0", 2),
        ("start:2020", 13),
        ("cond:lupus phase:3 NOT status:completed", 2),
        ("nosuchword", 0),
    ],
)
def test_totals_are_exact(sample_index: Index, query: str, total: int) -> None:
    page = found(sample_index, query)
    assert (page.total, len(page.hits)) == (total, total)


def test_a_word_finds_these_trials(sample_index: Index) -> None:
    assert set(ids(found(sample_index, "baricitinib"))) == {
        "NCT04320277", "NCT04401579", "NCT04421027", "NCT04640168", "NCT05300932", "NCT06936215",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("flag", "value", "total"),
    [
        ("cond", "lupus", 6),
        ("country", "Korea, Republic of", 4),
        ("country", "Atlantis", 0),
        ("accepts", "male", 46),  # 45 take all, one names no sex
        ("accepts", "female", 51),
        ("sex", "female", 5),
        ("age", "0.5", 9),
        ("age", "17", 11),
        ("age", "18", 47),
        ("age", "90", 29),
        ("enrollment", "10000..", 3),
        ("start", "2022-03-08..2022-03-08", 1),
        ("start_year", "2000", 4),
        ("completed", "..2000", 1),
        ("sponsor", "Eli Lilly", 0),  # a whole name
        ("sponsor", "ELI LILLY and company", 3),
    ],
)
def test_filters_leave_so_many(sample_index: Index, flag: str, value: str, total: int) -> None:
    assert found(sample_index, None, **{flag: value}).total == total


# -- facets ----------------------------------------------------------------------------------------------------------


def told(page: SearchPage, key: str) -> list[tuple[str | bool | None, int]]:
    return [(count.value, count.count) for count in page.facets[key]]


STATUS_COUNTS = [
    ("COMPLETED", 33), ("NOT_YET_RECRUITING", 6), ("RECRUITING", 4), ("ACTIVE_NOT_RECRUITING", 2), ("WITHDRAWN", 2),
    ("AVAILABLE", 1), ("ENROLLING_BY_INVITATION", 1), ("TERMINATED", 1), ("UNKNOWN", 1), ("APPROVED_FOR_MARKETING", 0),
    ("NO_LONGER_AVAILABLE", 0), ("SUSPENDED", 0), ("TEMPORARILY_NOT_AVAILABLE", 0), ("WITHHELD", 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "counts"),
    [
        ("status", STATUS_COUNTS),
        (
            "phase",
            [
                ("PHASE3", 22), ("PHASE2", 16), ("NA", 4), ("PHASE1", 4), ("PHASE4", 1), ("EARLY_PHASE1", 0),
                (None, 9),
            ],
        ),
        ("type", [("INTERVENTIONAL", 42), ("OBSERVATIONAL", 8), ("EXPANDED_ACCESS", 1)]),
        (
            "country",
            [
                ("United States", 29), ("Spain", 5), ("Brazil", 4), ("Germany", 4), ("Mexico", 4), ("South Korea", 4),
                ("France", 3), ("Italy", 3), ("United Kingdom", 3), ("Canada", 2), ("Russia", 2),
                ("Turkey (Türkiye)", 2), ("Argentina", 1), ("Austria", 1), ("Belgium", 1), ("China", 1),
                ("Colombia", 1), ("Finland", 1), ("Hungary", 1), ("Iran, Islamic Republic of", 1), (None, 9),
            ],
        ),
        (
            "intervention_type",
            [
                ("DRUG", 36), ("OTHER", 5), ("BEHAVIORAL", 4), ("DEVICE", 3), ("BIOLOGICAL", 2), ("DIAGNOSTIC_TEST", 1),
                ("DIETARY_SUPPLEMENT", 1), ("PROCEDURE", 1), ("COMBINATION_PRODUCT", 0), ("GENETIC", 0),
                ("RADIATION", 0), (None, 4),
            ],
        ),
        (
            "sponsor_class",
            [
                ("OTHER", 22), ("INDUSTRY", 16), ("NIH", 13), ("AMBIG", 0), ("FED", 0), ("INDIV", 0), ("NETWORK", 0),
                ("OTHER_GOV", 0), ("UNKNOWN", 0),
            ],
        ),
        ("age_group", [("ADULT", 50), ("OLDER_ADULT", 44), ("CHILD", 12)]),
        ("results", [(False, 36), (True, 15)]),
    ],
)  # fmt: skip
def test_facets_count_every_trial(sample_index: Index, key: str, counts: list[tuple[str | bool | None, int]]) -> None:
    assert told(found(sample_index, None), key) == counts


@pytest.mark.parametrize(
    ("key", "first", "last", "length"),
    [
        ("start_year", ("2020", 13), (None, 1), 21),
        ("condition_mesh", ("Scleroderma, Diffuse", 12), (None, 3), 21),
        ("sponsor", ("National Institute of Allergy and Infectious Diseases (NIAID)", 4), ("AbbVie", 1), 20),
    ],
)
def test_of_an_open_list_the_first_twenty_are_told(
    sample_index: Index, key: str, first: tuple[str, int], last: tuple[str | None, int], length: int
) -> None:
    counts = told(found(sample_index, None), key)
    assert counts[0] == first
    assert len(counts) == length
    assert last in counts
    assert counts.index(last) >= 11


def test_a_facet_does_not_shrink_by_its_own_filter_but_by_the_others(sample_index: Index) -> None:
    page = found(sample_index, None, status="completed", phase="3")
    assert page.total == 17
    phases = dict(told(page, "phase"))
    assert phases == {"PHASE3": 17, "PHASE2": 10, "NA": 2, "PHASE1": 2, "PHASE4": 0, "EARLY_PHASE1": 0, None: 4}
    statuses = {value: count for value, count in told(page, "status") if count}
    assert statuses == {"COMPLETED": 17, "NOT_YET_RECRUITING": 2, "RECRUITING": 1, "TERMINATED": 1, "UNKNOWN": 1}
    assert sum(count for _, count in told(page, "type")) == 17


def test_a_facet_shrinks_by_what_the_query_says_of_it(sample_index: Index) -> None:
    page = found(sample_index, "status:recruiting")
    assert [(value, count) for value, count in told(page, "status") if count] == [("RECRUITING", 4)]


def test_facets_come_on_request_alone(sample_index: Index) -> None:
    assert sample_index.search(SearchRequest()).facets == {}


# -- pages and order -------------------------------------------------------------------------------------------------


def test_limit_0_is_the_counts_alone(sample_index: Index) -> None:
    page = sample_index.search(SearchRequest("lupus", parse("lupus"), facets=True, limit=0))
    assert (page.total, page.hits, len(page.facets)) == (8, [], 11)


def test_an_offset_leaves_out_the_first(sample_index: Index) -> None:
    whole = ids(found(sample_index, "lupus"))
    pages = [
        ids(sample_index.search(SearchRequest(node=parse("lupus"), limit=3, offset=offset))) for offset in (0, 3, 6, 9)
    ]
    assert pages == [whole[:3], whole[3:6], whole[6:], []]


MISSING = {
    "start": ["NCT04323761"],
    "completed": ["NCT00004786", "NCT00005675", "NCT00006133", "NCT04323761"],
    "updated": ["NCT00501995"],
    "posted": ["NCT00501995", "NCT05300932", "NCT06936215"],
    "enrollment": ["NCT00000596", "NCT04323761"],
}


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("start", "NCT05521087 NCT06936215 NCT05745714 NCT05843643 NCT05300932"),
        ("completed", "NCT05745714 NCT05843643 NCT05300932 NCT05521087 NCT05266625"),
        ("updated", "NCT05300932 NCT06936215 NCT06583395 NCT04431453 NCT05266625"),
        ("posted", "NCT06583395 NCT05843643 NCT05745714 NCT05521087 NCT05440721"),
        ("enrollment", "NCT00000432 NCT04353609 NCT00000620 NCT06583395 NCT04421027"),
    ],
)
def test_a_sort_key_stands_newest_or_largest_first_missing_last(sample_index: Index, sort: str, first: str) -> None:
    order = ids(sample_index.search(SearchRequest(sort=sort, limit=100)))
    assert order[:5] == first.split()
    assert order[-len(MISSING[sort]) :] == MISSING[sort]


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("start", "NCT00000596 NCT00001426 NCT00001473 NCT00004786 NCT00000419"),
        ("completed", "NCT00000596 NCT00000417 NCT00000432 NCT00000419 NCT00000420"),  # two of 2001-03
        ("updated", "NCT00004786 NCT00006133 NCT00463125 NCT00001473 NCT00004567"),  # two of 2005-06-24, two of 2008
        ("posted", "NCT00000596 NCT00000620 NCT00000401 NCT00000417 NCT00000419"),  # two, then all of 1999-11-04
        ("enrollment", "NCT04412252 NCT05440721 NCT00501995 NCT03274076 NCT00498615"),  # two of 0
    ],
)
def test_ascending_missing_is_last_too_and_ties_stand_by_id(sample_index: Index, sort: str, first: str) -> None:
    order = ids(sample_index.search(SearchRequest(sort=sort, ascending=True, limit=100)))
    assert order[:5] == first.split()
    assert order[-len(MISSING[sort]) :] == MISSING[sort]


def test_without_a_query_the_newest_update_comes_first(sample_index: Index) -> None:
    page = sample_index.search(SearchRequest(limit=100))
    assert ids(page) == ids(sample_index.search(SearchRequest(sort="updated", limit=100)))
    assert ids(page)[:3] == ["NCT05300932", "NCT06936215", "NCT06583395"]
    assert {hit.score for hit in page.hits} == {None}
    oldest = ids(sample_index.search(SearchRequest(ascending=True, limit=100)))
    assert (oldest[0], oldest[-1]) == ("NCT00004786", "NCT00501995")


def test_words_are_sorted_by_score_and_the_worst_first_when_ascending(sample_index: Index) -> None:
    best = sample_index.search(SearchRequest(node=parse("lupus"), limit=100)).hits
    worst = sample_index.search(SearchRequest(node=parse("lupus"), ascending=True, limit=100)).hits
    scores = [hit.score or 0 for hit in best]
    assert scores == sorted(scores, reverse=True)
    assert [hit.score for hit in worst] == scores[::-1]
    # those that name it in the title before those that name it among the criteria
    assert {hit.nct_id for hit in best[-2:]} == {"NCT00001596", "NCT00461448"}


@pytest.fixture
def twins(cache: Cache) -> Iterator[Index]:
    """Three trials with the same words, kept in another order than that of their ids."""
    same = {"identificationModule": {"briefTitle": "Same words"}}
    with indexed(cache, *(raw(nct_id, **same) for nct_id in ("NCT00000030", "NCT00000010", "NCT00000020"))) as index:
        yield index


@pytest.mark.parametrize("ascending", [False, True])
def test_equal_scores_stand_in_order_of_nct_id(twins: Index, *, ascending: bool) -> None:
    page = twins.search(SearchRequest(node=parse("same"), ascending=ascending))
    assert ids(page) == ["NCT00000010", "NCT00000020", "NCT00000030"]
    assert len({hit.score for hit in page.hits}) == 1


def test_a_second_key_sorts_what_the_first_leaves_equal(sample_index: Index) -> None:
    request = SearchRequest(sort="posted", ascending=True, then=(("enrollment", False),), limit=8)
    # 1999-10-28: 10251 and none; 1999-11-04: 350, 350, 150, 110, 100, 66
    order = " ".join(ids(sample_index.search(request)))
    assert order == "NCT00000620 NCT00000596 NCT00000419 NCT00000420 NCT00000417 NCT00000401 NCT00001473 NCT00001426"


def test_matching_gives_the_same_total_and_page_as_ids(sample_index: Index) -> None:
    request = SearchRequest("lupus", parse("lupus"), filters({"phase": ["3"]}, results=None, ids=None), limit=2)
    total, matching = sample_index.matching(request)
    assert total == 4
    assert matching == ids(sample_index.search(request))


def test_an_empty_index_answers_that_it_has_nothing(cache: Cache) -> None:
    with indexed(cache) as index:
        page = found(index, "lupus")
    assert (page.total, page.hits) == (0, [])
    assert told(page, "type") == [("EXPANDED_ACCESS", 0), ("INTERVENTIONAL", 0), ("OBSERVATIONAL", 0)]
    assert told(page, "country") == []


# -- what is shown of a hit ------------------------------------------------------------------------------------------


def test_a_hit_shows_what_the_record_says(sample_index: Index) -> None:
    (hit,) = found(sample_index, "id:NCT05300932").hits
    assert hit.title == "A Study Evaluating the Efficacy and Safety of Baricitinib in Systemic Sclerosis"
    assert (hit.status, hit.phases, hit.conditions) == ("ACTIVE_NOT_RECRUITING", ("PHASE4",), ("Systemic Sclerosis",))


def test_highlights_mark_the_characters_that_the_query_asks_for(sample_index: Index) -> None:
    hits = {hit.nct_id: hit for hit in found(sample_index, "lupus NOT pills").hits}
    hits |= {hit.nct_id: hit for hit in found(sample_index, "lupus estrogen").hits}
    title = "Safety of Estrogens in Lupus: Birth Control Pills"
    summary = "The birth-control half of SELENA: can women who have lupus take the pill without more flares?"
    assert hits["NCT00000420"].highlights == [
        Highlight("title", title, [(10, 19), (23, 28)]),
        Highlight("condition", "Systemic Lupus Erythematosus", [(9, 14)]),
        Highlight("brief_summary", summary, [(53, 58)]),
    ]
    assert hits["NCT00005778"].highlights[0] == Highlight("condition", "Lupus Erythematosus, Systemic", [(0, 5)])


def test_a_phrase_marks_each_of_its_words_and_what_is_taken_away_none(sample_index: Index) -> None:
    (hit,) = found(sample_index, '"systemic sclerosis" cyclophosphamide id:NCT05300932 NOT lupus').hits
    marked = [(h.field, [h.text[begin:end] for begin, end in h.spans]) for h in hit.highlights]
    assert marked == [
        ("title", ["Systemic", "Sclerosis"]),
        ("condition", ["Systemic", "Sclerosis"]),
        ("intervention", ["Cyclophosphamide"]),
        ("brief_summary", ["cyclophosphamide"]),
    ]


def test_nothing_asked_in_words_marks_nothing(sample_index: Index) -> None:
    assert found(sample_index, "phase:4").hits[0].highlights == []


@pytest.mark.parametrize(
    ("text", "ellipses"),
    [("Lupus.", ("", "")), ("of lupus.", ("…", "")), ("L" + "x" * 239, ("", "…")), ("l" + "x" * 239, ("…", "…"))],
)
def test_a_piece_of_a_text_is_shown_as_one(text: str, ellipses: tuple[str, str]) -> None:
    assert Highlight("brief_summary", text, []).ellipses == ellipses


def test_the_first_hundred_hits_are_highlighted(cache: Cache) -> None:
    with indexed(cache, *(raw(f"NCT{number:08d}") for number in range(1, 103))) as index:
        hits = index.search(SearchRequest(node=parse("trial"), limit=102)).hits
    assert [bool(hit.highlights) for hit in hits] == [True] * 100 + [False] * 2


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("word " * 100 + "lupus and more " + "word " * 100, 440),  # from the word at a quarter of 240 before it
        ("—" * 500 + "lupus" + "—" * 500, 440),  # no space to begin at
        ("RATIONALE:" + "—" * 60 + " lupus" + " word" * 100, 0),  # a quarter before it is within the first word
        ("lupus " + "word " * 100, 0),
        ("word " * 20 + "lupus", 0),  # short enough to be shown whole
    ],
)
def test_of_a_long_text_the_surroundings_of_the_first_mark_are_shown(
    sample_index: Index, text: str, begin: int
) -> None:
    card = sample_index.card("NCT00000401")
    assert card is not None
    card = msgspec.structs.replace(card, title=text)
    (highlight,) = Highlighter(frozenset(["lupus"])).highlights(card)
    assert highlight.text == text[begin : begin + 240]
    assert [highlight.text[start:stop] for start, stop in highlight.spans] == ["lupus"]


@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("sort", ["start", "posted", "enrollment", "relevance"])
def test_pages_put_together_are_the_whole_list(sample_index: Index, sort: str, *, ascending: bool) -> None:
    whole = SearchRequest(sort=sort, ascending=ascending, then=(("completed", True),), limit=100)
    expected = ids(sample_index.search(whole))
    for limit in (1, 7, 50):
        offsets = range(0, len(expected) + limit, limit)
        pages = [ids(sample_index.search(replace(whole, offset=offset, limit=limit))) for offset in offsets]
        assert [nct_id for page in pages for nct_id in page] == expected
        assert pages[-1] == []
