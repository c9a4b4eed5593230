from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import UsageError
from index.query.tree import Age, Days, Ids, Value, Words
from index.schema import CONDITION
from serve.question import FILTER_NAMES, Question, canonical


def asked(text: str) -> Question:
    return Question.of(parse_qsl(text, keep_blank_values=True))


def test_every_filter_is_read_by_its_name() -> None:
    made = asked(
        "cond=lupus&phase=2&phase=Phase+3&sponsor-class=nih&start=2020..2021&age=40&results=yes&ids=NCT1+NCT2,NCT3"
    ).filters()
    assert made == {
        "cond": Words(("lupus",), CONDITION),
        "phase": Value("phase", ("PHASE2", "PHASE3")),
        "sponsor_class": Value("sponsor_class", ("NIH",)),
        "start": Days("start", 20200101, 20211231),
        "age": Age(40.0),
        "results": Value("results", ("true",)),
        "ids": Ids(frozenset({"NCT00000001", "NCT00000002", "NCT00000003"})),
    }


def test_blanks_say_nothing_and_repetitions_nothing_more() -> None:
    assert asked("q=&phase=+&cond=").pairs == ()
    assert asked("phase=2&phase=2&phase=3").pairs == (("phase", "2"), ("phase", "3"))
    assert asked("").request(limit=5, facets=False).node is None


@pytest.mark.parametrize("text", ["fase=2", "q2=x", "no-results=true", "limit[]=1"])
def test_an_unknown_name_is_a_mistake(text: str) -> None:
    with pytest.raises(UsageError, match="is no filter"):
        asked(text).filters()


@pytest.mark.parametrize(("text", "on"), [("", True), ("synonyms=true", True), ("synonyms=false", False)])
def test_synonyms_are_looked_for_unless_they_are_left_out(text: str, *, on: bool) -> None:
    assert asked(text).request(limit=5, facets=False).synonyms is on
    with pytest.raises(UsageError):
        asked("synonyms=perhaps").request(limit=5, facets=False)


def test_both_kinds_of_results_are_no_filter() -> None:
    assert "results" not in asked("results=true&results=false").filters()


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("phase", "3", "PHASE3"),
        ("status", "not yet recruiting", "NOT_YET_RECRUITING"),
        ("country", "Korea, Republic of", "south korea"),
        ("sponsor", "Pfizer", "PFIZER"),
        ("results", "yes", "TRUE"),
    ],
)
def test_one_value_may_be_written_in_two_ways(name: str, one: str, other: str) -> None:
    assert canonical(name, one) == canonical(name, other)
    assert Question(((name, one),)).lacking(name, other) == Question()


def test_adding_and_taking_away_begin_at_the_first_hit() -> None:
    question = asked("q=lupus&phase=2&offset=40&sort=start")
    assert question.having("phase", "PHASE3").url() == "/search?q=lupus&phase=2&sort=start&phase=PHASE3"
    assert question.lacking("phase", "PHASE2").url() == "/search?q=lupus&sort=start"
    assert question.changed(offset="20", sort="").url() == "/search?q=lupus&phase=2&offset=20"


@pytest.mark.parametrize("text", ["-1", "1.5", "x", "²", "٣", "1" * 10, "+1", "1_0"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="whole number from 0"):
        Question((("offset", text),)).number("offset", 0)


values = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(str.strip).filter(bool)


@given(st.lists(st.tuples(st.sampled_from(["q", *FILTER_NAMES]), values), unique=True))
def test_an_address_asks_what_it_was_written_for(pairs: list[tuple[str, str]]) -> None:
    question = Question(tuple(pairs))
    assert Question.of(parse_qsl(urlsplit(question.url()).query)) == question


@given(st.sampled_from(FILTER_NAMES), values)
def test_what_was_added_can_be_taken_away(name: str, value: str) -> None:
    assert Question().having(name, value).lacking(name, value) == Question()
