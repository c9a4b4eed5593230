"""The protocol: every engine gives the oracle's sets, totals, facet counts and scores over the bundled sample."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from crawler.config import Cache
from crawler.load import load
from crawler.normalise import normalise
from crawler.record import RawRecord
from crawler.store import Store
from index.analysis import stem, terms, words
from index.build import update
from index.document import document
from index.query.areas import known_names
from index.query.parse import parse
from index.query.tree import (
    Age,
    All,
    Any,
    Between,
    Coverage,
    Days,
    Either,
    Enrollment,
    Ids,
    Missing,
    Node,
    Not,
    Recorded,
    Truth,
    Value,
    Words,
)
from index.schema import AREAS, DATES, FILTERED, NUMBER_OF_PIECE
from index.search import Index, SearchRequest, open_index
from tests.cluster import ENGINE_PARAMETERS, address
from tests.conftest import SAMPLE
from tests.oracle import Filters, Oracle, asked_words
from tests.oracle_records import PATHS

# Engines keep scores in 32 bits, the oracle in 64; OpenSearch keeps a word's score in 9 significant ones, tantivy
# rounds the lengths of fields longer than 40 words.
TOLERANCES = {"whoosh": 1e-4, "opensearch": 2.5e-3, "tantivy": 0.12}


RECORDS = {raw.nct_id: raw for raw in map(RawRecord, SAMPLE.read_bytes().splitlines())}
DOCUMENTS = [document(normalise(raw), raw) for raw in RECORDS.values()]
ORACLE = Oracle(DOCUMENTS, {nct_id: raw.data for nct_id, raw in RECORDS.items()})
NCT_IDS = [each.nct_id for each in DOCUMENTS]


@pytest.fixture(scope="module", params=ENGINE_PARAMETERS)
def engine_index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    engine: str = request.param
    cache = Cache(Path(tmp_path_factory.mktemp(engine)))
    with Store.writing(cache) as store:
        load(store, [str(SAMPLE)], lambda _more: None)
        update(store, engine, lambda _more: None, address=address(engine))
    with open_index(cache.index, engine, lambda nct_id, _digest: RECORDS[nct_id]) as index:
        yield index


def assert_equal_to_the_oracle(index: Index, node: Node, filters: Filters) -> None:
    page = index.search(SearchRequest(node=node, filters=filters, facets=True, limit=100))
    expected = ORACLE.scores(node, filters)
    assert page.total == len(expected)
    assert {hit.nct_id for hit in page.hits} == set(expected)
    found = {key: [(count.value, count.count) for count in counts] for key, counts in page.facets.items()}
    assert found == ORACLE.facets(node, filters)
    if asked_words(node):
        tolerance = TOLERANCES[index.manifest.engine]
        assert_same_scores({hit.nct_id: hit.score for hit in page.hits}, expected, tolerance)
    else:
        assert [hit.score for hit in page.hits] == [None] * len(page.hits)
        assert [hit.nct_id for hit in page.hits] == newest_first(list(expected))


def assert_same_scores(found: dict[str, float | None], expected: dict[str, float], tolerance: float) -> None:
    scores = {nct_id: score for nct_id, score in found.items() if score is not None}
    assert scores == {nct_id: pytest.approx(score, rel=tolerance) for nct_id, score in expected.items()}
    assert list(scores) == sorted(scores, key=lambda nct_id: (-scores[nct_id], nct_id))


def newest_first(nct_ids: list[str]) -> list[str]:
    updated = {each.nct_id: each.days["updated"] for each in DOCUMENTS}
    return sorted(nct_ids, key=lambda nct_id: (-updated[nct_id], nct_id))


QUERIES = """
lupus
lupus lupus
"systemic sclerosis"
systemic sclerosis
COVID-19
"severe COVID-19"
double-blind
Sjögren's
the of and
no-such-word
lupus nosuchword
lupus OR nosuchword
lupus OR scleroderma OR vasculitis
NOT lupus
NOT NOT lupus
lupus NOT cond:lupus
lupus NOT (female OR children)
cond:lupus
cond:"systemic sclerosis" baricitinib
cond:(scleroderma OR "lung diseases") intr:cyclophosphamide
title:"systemic sclerosis"
intr:drug
intr:"oral bovine"
outc:skin
spons:"eli lilly"
loc:"Korea, Republic of"
loc:"South Korea"
loc:korea
elig:pregnancy
id:NCT05300932
AREA[NCTId]NCT05300932
AREA[BriefTitle]lupus
AREA[Condition]"Lung Diseases"
AREA[Condition]"Diseases Pulmonary"
AREA[LocationCountry]"Republic of South"
AREA[EligibilityCriteria]lupus
AREA[ConditionMeshTerm]"scleroderma systemic"
phase:3
phase:(1 OR 2) NOT phase:1
status:recruiting
NOT country:"united states"
country:"russian federation" OR country:turkey
country:FRANCE
country:Atlantis
start:2020
start:2020..2020-06 lupus OR covid
completed:..2005
AREA[StartDate]MISSING
AREA[LastUpdatePostDate]MISSING
AREA[Phase]MISSING
AREA[LocationCountry]China
enrollment:0
enrollment:1000..
AREA[EnrollmentCount]MISSING
AREA[EnrollmentCount]RANGE[MIN,MAX]
sex:female OR results:true
age_group:child NOT age_group:adult
cond:"systemic sclerosis" phase:(2 OR 3) NOT country:china start:..2020
AREA[StdAge]CHILD
AREA[StdAge]"older adult" NOT AREA[StdAge]child
AREA[DesignMasking]DOUBLE
AREA[DesignAllocation]randomized
AREA[DesignAllocation]non-randomized
AREA[HealthyVolunteers]true
AREA[HealthyVolunteers]false lupus
AREA[OversightHasDMC]MISSING
AREA[MinimumAge]RANGE[MIN, 16 years]
AREA[MinimumAge]"18 Years"
AREA[MaximumAge]RANGE[65, MAX]
AREA[MaximumAge]MISSING
AREA[MinimumAge]MISSING OR AREA[Location]MISSING
AREA[PrimaryCompletionDate]RANGE[2020,2022-06]
AREA[StudyFirstSubmitDate]2020-04
AREA[ResultsFirstPostDate]MISSING lupus
AREA[OfficialTitle]MISSING
AREA[PrimaryOutcomeTimeFrame]weeks
AREA[SecondaryIdType]NIH OR AREA[ReferencePMID]MISSING
AREA[OrgClass]INDUSTRY AREA[EnrollmentType]ACTUAL
EXPANSION[None]diseases
EXPANSION[None]"lung diseases" OR EXPANSION[None]ulcers
EXPANSION[Term]diseases
AREA[Condition]EXPANSION[None]disease
COVERAGE[FullMatch]AREA[Condition]"systemic sclerosis"
AREA[Condition]COVERAGE[FullMatch]scleroderma
AREA[Condition]COVERAGE[StartsWith](systemic OR lupus)
cond:COVERAGE[EndsWith]diseases
COVERAGE[EndsWith]EXPANSION[None]"lung diseases" OR vasculitis
COVERAGE[Contains]lupus
COVERAGE[FullMatch]AREA[LocationCountry]"South Korea"
""".strip().splitlines()


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_is_answered_as_by_the_oracle(engine_index: Index, query: str) -> None:
    assert_equal_to_the_oracle(engine_index, parse(query), {})


FILTERS: list[Filters] = [
    {},
    {"status": Value("status", ("COMPLETED", "RECRUITING"))},
    {"status": Value("status", ("COMPLETED",)), "phase": Value("phase", ("PHASE2", "PHASE3"))},
    {"country": Value("country", ("south korea", "France")), "results": Value("results", ("true",))},
    {"cond": Words(("sclerosi",), "ConditionSearch"), "age": Age(80.0)},
    {"accepts": Any((Value("sex", ("MALE", "ALL")), Missing("sex"))), "type": Value("type", ("OBSERVATIONAL",))},
    {"ids": Ids(frozenset({"NCT05300932", "NCT00000417", "NCT99999999"}))},
    {"ids": Ids(frozenset())},
    {"start": Days("start", 20200101, None), "enrollment": Enrollment(None, 100)},
    {"sponsor_class": Value("sponsor_class", ("NIH",)), "start_year": Value("start_year", ("2000", "1995"))},
]


@pytest.mark.parametrize("filters", FILTERS, ids=lambda filters: "+".join(filters) or "none")
@pytest.mark.parametrize(
    "node", [All(), Words(("lupus",)), Words(("system", "sclerosi"))], ids=["all", "word", "phrase"]
)
def test_filters_narrow_and_facets_do_not_know_their_own(engine_index: Index, node: Node, filters: Filters) -> None:
    assert_equal_to_the_oracle(engine_index, node, filters)


# -- made by Hypothesis: of words, phrases and values that occur in the sample, so that something is found -----------

TEXTS = sorted({text for each in DOCUMENTS for _, text in each.texts if re.search(r"\w", text)})
WORDS = sorted({term for text in TEXTS for term in terms(text)})
KNOWN = set(known_names())
PLACES = st.sampled_from([*AREAS, *NUMBER_OF_PIECE])


@st.composite
def phrases(draw: st.DrawFn) -> tuple[str, ...]:
    """Cut two to five terms out of a text."""
    found = terms(draw(st.sampled_from(TEXTS)))
    begin = draw(st.integers(0, len(found) - 1))
    return tuple(found[begin : begin + draw(st.integers(2, 5))])


ONE_WORD = st.sampled_from(WORDS).map(lambda word: (word,))
WORDED: st.SearchStrategy[Node] = st.builds(Words, ONE_WORD | phrases(), st.just("BasicSearch") | PLACES)


@st.composite
def strict_words(draw: st.DrawFn) -> Words:
    """Cut words out of a text, its first and last ones too, to be found as written or covering so much of a value."""
    found = words(draw(st.sampled_from(TEXTS)))
    begin = draw(st.integers(0, len(found) - 1) | st.just(0))
    end = draw(st.integers(begin + 1, begin + 4) | st.just(len(found)))
    wanted = tuple(found[begin:end])
    area = draw(st.just("BasicSearch") | PLACES)
    written = draw(st.sampled_from([(), wanted]))
    return Words(tuple(map(stem, wanted)), area, written, draw(st.sampled_from(get_args(Coverage))))


RECORDED: st.SearchStrategy[Node] = st.one_of(
    st.builds(Recorded, st.sampled_from(sorted(set(PATHS) & KNOWN)), st.none()),
    st.builds(Recorded, st.sampled_from(["HealthyVolunteers", "OversightHasDMC"]), st.builds(Truth, st.booleans())),
    st.builds(
        lambda piece, ends: Recorded(piece, Between(*ends)),
        st.sampled_from(["MinimumAge", "MaximumAge"]),
        st.tuples(*(2 * [st.none() | st.sampled_from([0.0, 0.5, 2.0, 16.0, 18.0, 65.0, 99.0])])),
    ),
    st.builds(
        lambda piece, text: Recorded(piece, _listed_words(piece, text)),
        st.sampled_from(["DesignAllocation", "DesignMasking", "StdAge", "OrgClass"]),
        st.sampled_from(["RANDOMIZED", "NON_RANDOMIZED", "NONE", "DOUBLE", "ADULT", "OLDER_ADULT", "OTHER", "NIH"]),
    ),
)


def _listed_words(piece: str, text: str) -> Words:
    return Words(tuple(terms(text)), piece, tuple(words(text)), "FullMatch")


@st.composite
def values(draw: st.DrawFn) -> Value:
    """Take one or two values of a key, from the sample's own."""
    key = draw(st.sampled_from(sorted(FILTERED)))
    known = sorted({value for each in DOCUMENTS for value in each.values[key]})
    return Value(key, tuple(draw(st.lists(st.sampled_from(known), min_size=1, max_size=2))))


def ranges(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[int | None, int | None]]:
    return st.tuples(st.none() | numbers, st.none() | numbers)


DATE_KEYS = st.sampled_from(sorted(DATES))
DAYS = st.sampled_from(sorted({day for each in DOCUMENTS for day in each.days.values() if day}))
PEOPLE = st.sampled_from(sorted({each.enrollment for each in DOCUMENTS if each.enrollment is not None}))
COLUMNS: st.SearchStrategy[Node] = st.one_of(
    values(),
    st.builds(lambda key, ends: Days(key, *ends), DATE_KEYS, ranges(DAYS)),
    ranges(PEOPLE).map(lambda ends: Enrollment(*ends)),
    st.builds(Age, st.sampled_from([0.0, 0.5, 12.0, 17.0, 18.0, 64.0, 65.0, 80.0, 99.0, 120.0])),
    st.builds(Ids, st.frozensets(st.sampled_from([*NCT_IDS, "NCT00000001", "NCT99999999"]), max_size=10)),
    st.builds(Missing, st.sampled_from([*FILTERED, *DATES, "enrollment"])),
)
TREES: st.SearchStrategy[Node] = st.recursive(
    WORDED | WORDED | COLUMNS | strict_words() | RECORDED,
    lambda parts: st.one_of(
        st.builds(All, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Any, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Either, st.lists(parts, min_size=1, max_size=3).map(tuple)),
        st.builds(Not, parts),
    ),
    max_leaves=6,
)
FILTER_SETS = st.dictionaries(
    st.sampled_from([*FILTERED, "cond", "start", "age", "ids"]), COLUMNS | WORDED | RECORDED, max_size=2
)
QUIETLY = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


# The date keeps these words from being looked up: who is found otherwise and holds them scores by them all the same.
UNREAD = Any((
    Not(Value("status", ("AVAILABLE",))),
    All((
        Words(("colon", "diseas", "function"), "BasicSearch", ("colonic", "diseases", "functional"), "FullMatch"),
        Days("updated", 20200429, 20200429),
    )),
))  # fmt: skip


@QUIETLY
@example(node=UNREAD, filters={})
@given(node=TREES, filters=FILTER_SETS)
def test_a_tree_is_answered_as_by_the_oracle(engine_index: Index, node: Node, filters: Filters) -> None:
    assert_equal_to_the_oracle(engine_index, node, filters)


@QUIETLY
@given(text=st.sampled_from(TEXTS), begin=st.integers(0, 200), length=st.integers(1, 60))
def test_a_piece_of_a_text_in_quotes_finds_the_text(engine_index: Index, text: str, begin: int, length: int) -> None:
    whole_words = re.findall(r"[^\W_]\S*", text)[begin : begin + length]
    query = '"' + " ".join(whole_words).replace('"', " ") + '"'
    assume(terms(query))
    holders = {each.nct_id for each in DOCUMENTS for _, value in each.texts if value == text}
    page = engine_index.search(SearchRequest(node=parse(query), limit=100))
    assert holders <= {hit.nct_id for hit in page.hits}
    assert_equal_to_the_oracle(engine_index, parse(query), {})


@QUIETLY
@given(node=TREES, limit=st.integers(0, 60), offset=st.integers(0, 60))
def test_a_page_is_a_piece_of_the_whole_answer(engine_index: Index, node: Node, limit: int, offset: int) -> None:
    whole = engine_index.search(SearchRequest(node=node, limit=100))
    page = engine_index.search(SearchRequest(node=node, limit=limit, offset=offset))
    assert page.total == whole.total
    assert page.hits == whole.hits[offset : offset + limit]


def test_cards_come_back_as_they_were_made(engine_index: Index) -> None:
    assert [engine_index.card(each.nct_id) for each in DOCUMENTS] == [each.card for each in DOCUMENTS]
    assert engine_index.card("NCT99999999") is None
