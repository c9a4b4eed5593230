"""Trees and trials as the cluster is told them."""

from base64 import b64decode

import msgspec
import pytest

from crawler.normalise import normalise
from crawler.record import RawRecord
from index.batch import analysed
from index.document import Card
from index.engines.base import Entry
from index.engines.opensearch.mapping import LIVING, indexed, indexed_term, mapping, source
from index.engines.opensearch.query import Query, fits, native, scores, stands
from index.query.parse import parse
from index.query.tree import Any, Either, Not, Words
from index.schema import AREAS
from tests.conftest import SAMPLE

LUPUS, PHRASE = Words(("lupus",)), Words(("system", "sclerosi"), "ConditionSearch")
FEATURE: Query = {"rank_feature": {"field": "BasicSearch.lupus", "linear": {}}}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("lupus phase:2 NOT country:China", True),
        ("SEARCH[Location](London AND AREA[LocationStatus]RECRUITING)", True),
        ("lupus OR EXPANSION[None]diseases", False),
        ("NOT COVERAGE[FullMatch]lupus", False),
        ("AREA[OversightHasDMC]true", False),
        ("SEARCH[Location](AREA[LocationCity]EXPANSION[None]London)", False),
    ],
)
def test_only_the_records_know_some_things(query: str, told: bool) -> None:  # noqa: FBT001 - a parameter
    assert native(parse(query)) is told


def test_words_are_features_terms_or_phrases() -> None:
    assert stands(LUPUS) == FEATURE
    assert stands(Words(("lupus",), "BriefTitle")) == {"term": {"BriefTitle": "lupus"}}
    assert stands(Words(("a", "b"))) == {"match_phrase": {"everywhere": "a b"}}
    assert stands(Words(("a", "b"), "EligibilitySearch"))["bool"]["should"] == [
        {"match_phrase": {"EligibilityCriteria": "a b"}},
        {"match_phrase": {"StudyPopulation": "a b"}},
    ]


def test_a_score_is_a_sum_of_terms_and_of_several_ways_the_best() -> None:
    assert scores(LUPUS) == [FEATURE]
    assert scores(Not(LUPUS)) == []
    assert scores(Any((LUPUS, Not(LUPUS), LUPUS))) == [FEATURE, FEATURE]
    [either] = scores(Either((LUPUS, PHRASE)))
    first, second = either["dis_max"]["queries"]
    assert first == FEATURE
    assert second["bool"]["filter"] == [stands(PHRASE)]
    assert [term["rank_feature"]["field"] for term in second["bool"]["should"]] == [
        "ConditionSearch.system",
        "ConditionSearch.sclerosi",
    ]


def test_the_cluster_takes_a_thousand_clauses_and_fifteen_brackets() -> None:
    assert fits({"bool": {"filter": [FEATURE] * 1000}})
    assert not fits({"bool": {"filter": [FEATURE] * 1001}})
    assert not fits({"bool": {"filter": [FEATURE] * 501, "should": [{"dis_max": {"queries": [FEATURE] * 500}}]}})
    deep: Query = FEATURE
    for _ in range(13):
        deep = {"bool": {"must_not": [deep]}}
    assert fits(deep)
    assert not fits({"nested": {"path": "sites", "query": {"bool": {"filter": [{"bool": {"should": [deep]}}]}}}})


def test_a_long_word_is_told_apart_by_its_digest() -> None:
    long = "a" * 40_000
    assert indexed("system sclerosi") == "system sclerosi"
    assert len(indexed_term(long)) == 100
    assert indexed_term(long) != indexed_term(long + "b")
    assert indexed(f"of {long} words") == f"of {indexed_term(long)} words"


def test_a_trial_is_a_document_of_fields_that_the_index_names() -> None:
    raw = next(r for r in map(RawRecord, SAMPLE.read_bytes().splitlines()) if r.nct_id == "NCT05300932")
    batch = analysed([raw])
    entry = Entry(batch.documents[0], {}, batch.texts[0])
    told = source(entry, 7)
    trial = normalise(raw)
    assert (told["number"], told["since"], told["until"]) == (5300932, 7, LIVING)
    assert [text.split() for text in told["NCTId"]] == [["nct05300932"]]
    assert told["status"] == (trial.status,)
    assert len(told["sites"]) == len(trial.locations)
    assert msgspec.msgpack.decode(b64decode(told["card"]), type=Card) == entry.document.card
    assert set(told) <= set(mapping()["properties"])
    assert set(AREAS) <= set(mapping()["properties"])
