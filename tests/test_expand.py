"""Trees rewritten by a table made by hand, and what an index then finds and how it scores it."""

from collections.abc import Iterator

import pytest

from crawler.config import Cache
from index.analysis import terms
from index.query.expand import Expander
from index.query.filters import filters
from index.query.parse import parse
from index.query.tree import All, Any, Either, Node, Not, Words, positive_words, scored
from index.schema import BASIC, CONDITION, INTERVENTION, TITLE
from index.search import Hit, Index, SearchPage, SearchRequest
from index.synonyms import Form, Phrase
from tests.indexes import indexed
from tests.records import raw


def phrase(text: str) -> Phrase:
    return Phrase(text, tuple(terms(text)))


TABLES: dict[str, dict[Form, list[Phrase]]] = {
    CONDITION: {
        ("heart", "attack"): [phrase("Myocardial Infarction")],
        ("lung", "cancer"): [phrase("Lung Neoplasms")],
        ("small", "cell", "lung", "cancer"): [phrase("Small Cell Lung Carcinoma")],
        ("type", "2", "diabet"): [phrase("Diabetes Mellitus, Type 2"), phrase("NIDDM")],
        ("renal", "cell", "carcinoma"): [phrase("Carcinoma, Renal Cell")],
        ("non", "small", "cell"): [phrase("NSC")],
    },
    INTERVENTION: {("taxol",): [phrase("Paclitaxel")], ("heart", "attack"): [phrase("Infarct therapy")]},
}
HEART, ATTACK = Words(("heart",)), Words(("attack",))
INFARCTION = Words(("myocardi", "infarct"), CONDITION)
THERAPY = Words(("infarct", "therapi"), INTERVENTION)
LUNG_CANCER = Either((All((Words(("lung",)), Words(("cancer",)))), Words(("lung", "neoplasm"), CONDITION)))


def expanded(query: str, area: str = BASIC) -> tuple[Node, list[str]]:
    expander = Expander(TABLES.__getitem__)
    node = expander.expanded(parse(query, area))
    return node, list(expander.used.values())


def test_a_bare_word_may_be_an_intervention_and_a_condition() -> None:
    assert expanded("Taxol") == (Either((Words(("taxol",)), Words(("paclitaxel",), INTERVENTION))), ["Paclitaxel"])
    both = Either((All((HEART, ATTACK)), INFARCTION, THERAPY))
    assert expanded("heart attacks") == (All((both,)), ["Myocardial Infarction", "Infarct therapy"])


def test_a_quoted_phrase_is_a_run_by_itself() -> None:
    node, _ = expanded('"heart attack"')
    assert node == Either((Words(("heart", "attack")), INFARCTION, THERAPY))


@pytest.mark.parametrize(
    ("query", "area"),
    [
        ("title:(heart attack)", BASIC),
        ("elig:taxol", BASIC),
        ("AREA[Condition]taxol", BASIC),
        ("cond:taxol", BASIC),  # an intervention's other name is no condition
        ("taxol", CONDITION),
        ("attack heart", BASIC),  # in another order
        ("heart OR attack", BASIC),
        ("heart phase:3 attack", BASIC),  # not side by side
        ("heart cond:attack", BASIC),
        ("heart NOT attack", BASIC),
        ("phase:3 start:2020..", BASIC),
    ],
)
def test_other_words_stay_as_they_are(query: str, area: str) -> None:
    assert expanded(query, area) == (parse(query, area), [])


def test_an_area_of_its_own_looks_for_its_own_names() -> None:
    words = All((Words(("heart",), CONDITION), Words(("attack",), CONDITION)))
    assert expanded("heart attack", CONDITION)[0] == All((Either((words, INFARCTION)),))
    assert expanded("cond:(heart attack)")[0] == All((Either((words, INFARCTION)),))


def test_a_run_is_taken_from_the_left_and_the_longest_form_first() -> None:
    (node,) = [expanded("early lung cancer trial")[0]]
    assert node == All((Words(("earli",)), LUNG_CANCER, Words(("trial",))))
    assert expanded("small cell lung cancer taxol")[1] == ["Small Cell Lung Carcinoma", "Paclitaxel"]


def test_a_hyphen_makes_a_phrase_of_which_no_half_is_a_form() -> None:
    assert expanded("small-cell lung cancer")[1] == ["Small Cell Lung Carcinoma"]
    assert expanded("cell-lung cancer")[1] == []
    assert expanded("non-small cell")[1] == ["NSC"]


def test_what_the_words_find_anyhow_is_not_looked_for() -> None:
    assert expanded("renal cell carcinoma")[1] == []  # three words, each of them in the phrase
    assert expanded('"renal cell carcinoma"')[1] == ["Carcinoma, Renal Cell"]
    assert expanded("type 2 diabetes")[1] == ["NIDDM"]


def test_not_takes_away_what_the_same_words_would_find() -> None:
    node, also = expanded("mice NOT taxol")
    assert node == All((Words(("mice",)), Not(Either((Words(("taxol",)), Words(("paclitaxel",), INTERVENTION))))))
    assert also == ["Paclitaxel"]


def test_parts_of_an_or_are_rewritten_each_by_itself() -> None:
    assert expanded("(lung cancer) OR mice")[0] == Any((All((LUNG_CANCER,)), Words(("mice",))))


def test_each_synonym_is_told_once() -> None:
    assert expanded("taxol OR intr:taxol")[1] == ["Paclitaxel"]


def test_words_that_must_stand_just_so_are_left_alone() -> None:
    strict = Words(("taxol",), written=("taxol",))
    expander = Expander(TABLES.__getitem__)
    assert expander.expanded(strict) == strict
    assert expander.expanded(All((strict, HEART))) == All((strict, HEART))


def test_ways_to_say_one_thing_count_as_one_part_of_a_score() -> None:
    node, _ = expanded("early lung cancer")
    assert scored(node) == [Words(("earli",)), LUNG_CANCER]
    assert [words.terms for words in positive_words(node)] == [
        ("earli",), ("lung",), ("cancer",), ("lung", "neoplasm"),
    ]  # fmt: skip
    assert scored(Not(node)) == []
    assert scored(Words(("a",), TITLE)) == [Words(("a",), TITLE)]


# -- in an index -----------------------------------------------------------------------------------------------------


def ill(number: int, title: str, conditions: list[str], meshes: list[str]) -> object:
    return raw(
        f"NCT{number:08d}",
        identificationModule={"briefTitle": title},
        conditionsModule={"conditions": conditions},
        derived={"conditionBrowseModule": {"meshes": [{"id": "D1", "term": term} for term in meshes]}},
    )


@pytest.fixture
def hearts(cache: Cache) -> Iterator[Index]:
    """Three heart attacks, a trial that is one by its MeSH term alone, one that is none."""
    records = [ill(number, f"Study {number}", ["Heart Attack"], ["Myocardial Infarction"]) for number in range(1, 4)]
    records += [ill(4, "Study 4", ["MI"], ["Myocardial Infarction"]), ill(5, "Study 5", ["Gout"], ["Gout"])]
    with indexed(cache, *records) as index:  # type: ignore[arg-type]
        yield index


def page(index: Index, query: str | None, *, synonyms: bool = True, **flags: str) -> SearchPage:
    made = filters({name: [value] for name, value in flags.items()}, results=None, ids=None)
    node = None if query is None else parse(query)
    return index.search(SearchRequest(query, node, made, synonyms=synonyms))


def numbers(found: SearchPage) -> list[int]:
    return sorted(int(hit.nct_id[3:]) for hit in found.hits)


@pytest.mark.parametrize("query", ["heart attack", '"heart attack"', "cond:(heart attack)", 'cond:"Heart attacks"'])
def test_a_search_finds_what_is_called_otherwise_and_says_what_it_looked_for(hearts: Index, query: str) -> None:
    found = page(hearts, query)
    assert (numbers(found), found.total, found.also) == ([1, 2, 3, 4], 4, ["Myocardial Infarction"])
    plain = page(hearts, query, synonyms=False)
    assert (numbers(plain), plain.total, plain.also) == ([1, 2, 3], 3, [])


def test_filters_and_not_know_synonyms_too(hearts: Index) -> None:
    assert numbers(page(hearts, None, cond="heart attack")) == [1, 2, 3, 4]
    assert page(hearts, None, cond="heart attack").also == ["Myocardial Infarction"]
    assert numbers(page(hearts, 'NOT "heart attack"')) == [5]
    assert numbers(page(hearts, 'NOT "heart attack"', synonyms=False)) == [4, 5]


def test_without_being_asked_for_none_are_used(hearts: Index) -> None:
    request = SearchRequest("heart attack", parse("heart attack"))
    assert hearts.search(request).total == hearts.matching(request)[0] == 3


def test_matching_agrees_with_search(hearts: Index) -> None:
    request = SearchRequest("heart attack", parse("heart attack"), synonyms=True)
    assert hearts.matching(request) == (4, [hit.nct_id for hit in hearts.search(request).hits])


def by_number(found: SearchPage) -> dict[int, Hit]:
    return {int(hit.nct_id[3:]): hit for hit in found.hits}


def test_the_best_of_the_ways_is_the_score_not_their_sum(hearts: Index) -> None:
    both = by_number(page(hearts, "cond:(heart attack)"))
    words = by_number(page(hearts, "cond:(heart attack)", synonyms=False))
    term = by_number(page(hearts, 'cond:"myocardial infarction"', synonyms=False))
    assert both[4].score == pytest.approx(term[4].score)
    for number in (1, 2, 3):
        scores = [words[number].score or 0, term[number].score or 0]
        assert both[number].score == pytest.approx(max(scores))
        assert min(scores) > 0


def test_synonyms_are_marked(cache: Cache) -> None:
    records = [ill(number, "A trial", ["Heart Attack"], ["Myocardial Infarction"]) for number in range(1, 4)]
    records.append(ill(4, "After myocardial infarction", [], []))
    with indexed(cache, *records) as index:  # type: ignore[arg-type]
        (marked,) = by_number(page(index, "heart attack"))[4].highlights
    assert [marked.text[begin:end] for begin, end in marked.spans] == ["myocardial", "infarction"]
