import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.neighbours import queries
from crawler.normalise import normalise
from crawler.trial import Trial
from index.query.parse import parse
from tests.records import raw


def seed(number: int = 1, conditions: list[str] | None = None, interventions: list[str] | None = None) -> Trial:
    return normalise(
        raw(
            f"NCT{number:08d}",
            conditionsModule={"conditions": conditions or []},
            armsInterventionsModule={"interventions": [{"type": "DRUG", "name": name} for name in interventions or []]},
        )
    )


def condition_text(*names: str) -> str | None:
    (made,) = [*queries([seed(conditions=list(names))], []), ({}, None)][:1]
    return made[0].get("query.cond")


def intervention_text(*names: str) -> str | None:
    (made,) = [*queries([seed(interventions=list(names))], []), ({}, None)][:1]
    return made[0].get("query.intr")


def test_a_seed_asks_for_both_its_sides_then_for_either() -> None:
    cond, intr = "Systemic Sclerosis", "(Baricitinib) OR (Cyclophosphamide)"
    assert queries([seed(7, [cond], ["Baricitinib", "Cyclophosphamide"])], []) == [
        ({"query.cond": cond, "query.intr": intr}, "NCT00000007"),
        ({"query.cond": cond}, "NCT00000007"),
        ({"query.intr": intr}, "NCT00000007"),
    ]


def test_a_side_that_a_seed_lacks_is_not_asked_for() -> None:
    assert queries([seed(7, ["Lupus"])], []) == [({"query.cond": "Lupus"}, "NCT00000007")]
    assert queries([seed(7, [], ["Belimumab"])], []) == [({"query.intr": "Belimumab"}, "NCT00000007")]
    assert queries([seed(7)], []) == []


def test_an_intervention_without_a_name_says_nothing() -> None:
    trial = normalise(raw(armsInterventionsModule={"interventions": [{"type": "DRUG"}, {"name": "Belimumab"}]}))
    assert [asked for asked, _ in queries([trial], [])] == [{"query.intr": "Belimumab"}]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ('[a] (b), "c"', "a b c"),
        ("Lupus (SLE)", "Lupus SLE"),
        ("Leukemia, Myeloid, Acute", "Leukemia Myeloid Acute"),
        ("Stage:IV", "Stage IV"),
        ("Pain AND Itch OR Burn NOT Cut", "Pain Itch Burn Cut"),
        ("AREA[Phase]RANGE[1,2] MISSING", "Phase 1 2"),
        ("EXPANSION[None]COVERAGE[FullMatch]SEARCH[Location](gout)", "None FullMatch Location gout"),
        ("Oral and topical, or not", "Oral and topical or not"),
        ("ORAL ANDROGEN NOTES", "ORAL ANDROGEN NOTES"),
        ("  two \n spaces ", "two spaces"),
        ("Sjögren's", "Sjögren's"),
        ("x" * 200, "x" * 120),
    ],
)
def test_what_the_query_language_reserves_is_taken_out(name: str, text: str) -> None:
    assert condition_text(name) == text
    assert intervention_text(name) == text


@pytest.mark.parametrize("name", ["(), []", "+++", "AND", "OR NOT", "-", " "])
def test_a_name_that_says_nothing_is_left_out(name: str) -> None:
    assert condition_text(name) is None
    assert condition_text(name, "Lupus") == "Lupus"


@pytest.mark.parametrize(
    "name",
    ["Placebo", "placebo oral tablet", "Matching PLACEBOS", "Standard of Care", "usual care", "Sham device", "Control"],
)
def test_what_is_given_for_comparison_is_no_clue(name: str) -> None:
    assert intervention_text(name) is None
    assert intervention_text("Belimumab", name) == "Belimumab"


@pytest.mark.parametrize("name", ["Birth Control", "Placebo Effect"])
def test_a_condition_is_one_whatever_it_is_called(name: str) -> None:
    assert condition_text(name) == name


def test_names_that_read_alike_stand_once_and_eight_are_enough() -> None:
    assert condition_text("Lupus", "Lupus,", "(Lupus)", "Gout") == "(Lupus) OR (Gout)"
    text = condition_text(*[f"c{number}" for number in range(20)])
    assert text == "(c0) OR (c1) OR (c2) OR (c3) OR (c4) OR (c5) OR (c6) OR (c7)"


def test_queries_asked_come_first_as_they_were_written_and_once() -> None:
    asked = ["AREA[Phase]PHASE3 AND lupus", "gout", "gout"]
    assert queries([seed(7, ["Lupus"])], asked) == [
        ({"query.term": "AREA[Phase]PHASE3 AND lupus"}, None),
        ({"query.term": "gout"}, None),
        ({"query.cond": "Lupus"}, "NCT00000007"),
    ]
    assert queries([], asked) == [({"query.term": asked[0]}, None), ({"query.term": "gout"}, None)]


def test_what_two_seeds_would_ask_alike_is_asked_for_the_first() -> None:
    made = queries([seed(7, ["Lupus"], ["A"]), seed(8, ["Lupus"], ["B"])], [])
    assert made == [
        ({"query.cond": "Lupus", "query.intr": "A"}, "NCT00000007"),
        ({"query.cond": "Lupus"}, "NCT00000007"),
        ({"query.intr": "A"}, "NCT00000007"),
        ({"query.cond": "Lupus", "query.intr": "B"}, "NCT00000008"),
        ({"query.intr": "B"}, "NCT00000008"),
    ]


@pytest.mark.parametrize(
    ("seeds", "sources"),
    [
        (1, [1]),
        (5, [1, 2, 3, 4, 5]),
        (6, [1, 3, 5]),
        (10, [1, 3, 5, 7, 9]),
        (11, [1, 4, 7, 10]),
        (1000, [1, 201, 401, 601, 801]),
    ],
)
def test_many_seeds_make_few_queries(seeds: int, sources: list[int]) -> None:
    trials = [seed(number, [f"condition {number}"], [f"drug {number}"]) for number in range(1, seeds + 1)]
    made = queries(trials, [])
    assert [source for _, source in made] == [f"NCT{number:08d}" for number in sources for _ in range(3)]


def test_one_query_stands_for_the_seeds_of_its_group() -> None:
    trials = [seed(number, [f"c{number}"]) for number in range(1, 7)]
    assert [asked["query.cond"] for asked, _ in queries(trials, [])] == [
        "(c1) OR (c2)",
        "(c3) OR (c4)",
        "(c5) OR (c6)",
    ]


@given(st.lists(st.text(max_size=150), max_size=12), st.lists(st.text(max_size=150), max_size=12))
def test_any_names_make_queries_that_can_be_read(conditions: list[str], interventions: list[str]) -> None:
    for asked, _ in queries([seed(1, conditions, interventions)], []):
        for text in asked.values():
            parse(text)
