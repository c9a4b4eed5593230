"""Names by prefix, counted by hand; words one slip away from those that several trials have."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config import Cache
from crawler.normalise import normalise
from crawler.record import RawRecord
from index.document import Card, document
from index.query.filters import filters
from index.query.parse import parse
from index.schema import NAME_KINDS
from index.search import Index, SearchRequest
from index.spelling import distances
from index.suggest import Names, NameWriter, Suggestion
from tests.indexes import indexed
from tests.records import raw


def trial(number: int, conditions: list[str], interventions: list[str], sponsor: str) -> RawRecord:
    return raw(
        f"NCT{number:08d}",
        conditionsModule={"conditions": conditions},
        armsInterventionsModule={"interventions": [{"type": "DRUG", "name": name} for name in interventions]},
        sponsorCollaboratorsModule={"leadSponsor": {"name": sponsor, "class": "OTHER"}},
    )


RECORDS = [
    trial(1, ["Sjögren's Syndrome", "Systemic Sclerosis"], ["Baricitinib 4 mg"], "Eli Lilly and Company"),
    trial(2, ["systemic sclerosis", "Systemic Sclerosis"], ["Placebo"], "Eli Lilly and Company"),
    trial(3, ["SYSTEMIC SCLEROSIS"], ["Placebo", "placebo"], "University of Sclerology"),
    trial(4, ["Systemic sclerosis"], ["Sclerostin"], "Université de Lille"),
    trial(5, ["Multiple Sclerosis"], [], "Lille CHU"),
]


def cards() -> list[Card]:
    return [document(normalise(record), record).card for record in RECORDS]


@pytest.fixture
def names(tmp_path: Path) -> Names:
    writer = NameWriter()
    writer.add(cards()[:2])
    writer.add(cards()[2:])
    writer.write(tmp_path)
    return Names(tmp_path)


def found(names: Names, prefix: str, *kinds: str, limit: int = 10) -> list[tuple[str, str, int]]:
    return [(name.kind, name.text, name.count) for name in names.suggestions(prefix, kinds or NAME_KINDS, limit)]


def test_any_words_beginning_is_completed_most_frequent_first(names: Names) -> None:
    assert found(names, "scler") == [
        ("condition", "Systemic Sclerosis", 4),
        ("condition", "Multiple Sclerosis", 1),
        ("intervention", "Sclerostin", 1),
        ("sponsor", "University of Sclerology", 1),
    ]


def test_a_trial_counts_once_and_the_spelling_used_most_is_shown(names: Names) -> None:
    assert found(names, "systemic") == [("condition", "Systemic Sclerosis", 4)]
    assert found(names, "plac") == [("intervention", "Placebo", 2)]


@pytest.mark.parametrize("prefix", ["sjo", "SJÖ", "Sjögren's syn", "syndr", "sjogren"])
def test_case_and_accents_make_no_difference(names: Names, prefix: str) -> None:
    assert found(names, prefix) == [("condition", "Sjögren's Syndrome", 1)]


def test_several_words_go_on_as_they_stand(names: Names) -> None:
    assert found(names, "systemic scl") == [("condition", "Systemic Sclerosis", 4)]
    assert found(names, "sclerosis syst") == []
    assert found(names, "stemic") == []


def test_kinds_and_limit_narrow(names: Names) -> None:
    assert found(names, "scler", "sponsor", "intervention", limit=1) == [("sponsor", "University of Sclerology", 1)]
    assert found(names, "lil", "sponsor") == [
        ("sponsor", "Eli Lilly and Company", 2), ("sponsor", "Lille CHU", 1), ("sponsor", "Université de Lille", 1),
    ]  # fmt: skip
    assert found(names, "scler", limit=0) == []


@pytest.mark.parametrize("prefix", ["", " ", "-", "'"])
def test_nothing_begun_is_nothing_found(names: Names, prefix: str) -> None:
    assert found(names, prefix) == []


def test_a_suggestion_is_written_as_promised() -> None:
    told = msgspec.json.decode(msgspec.json.encode(Suggestion("sponsor", "Lille CHU", 1)))
    assert told == {"kind": "sponsor", "text": "Lille CHU", "count": 1}


# -- did you mean ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [
        ("abc", "abc", 0), ("abc", "ab", 1), ("abc", "abcd", 1), ("abc", "axc", 1), ("abc", "acb", 1),
        ("abcd", "badc", 2), ("kitten", "sitting", 3), ("a", "xyz", 3), ("ca", "abc", 3), ("sclerosi", "slcerosi", 1),
    ],
)  # fmt: skip
def test_slips_are_counted(one: str, other: str, slips: int) -> None:
    assert distances(one, [other]).tolist() == [slips]
    assert distances(one, ["zzzzzzzzzzzz", other, "q"]).tolist()[1] == slips


letters = st.text(st.sampled_from("abcé"), min_size=1, max_size=6)


@given(letters, st.lists(letters, min_size=1, max_size=5))
def test_a_distance_is_one(one: str, others: list[str]) -> None:
    slips = distances(one, others).tolist()
    for other, distance in zip(others, slips, strict=True):
        assert (distance == 0) == (one == other)
        assert abs(len(one) - len(other)) <= distance <= max(len(one), len(other))
        assert distances(other, [one]).tolist() == [distance]


@pytest.fixture
def index(cache: Cache) -> Iterator[Index]:
    titles = ["Baricitinib in sclerosis", "Baricitinib again", "Baricitinik once", "Sclerosis, scleroses", "Gout Gout"]
    records = [raw(f"NCT{n:08d}", identificationModule={"briefTitle": title}) for n, title in enumerate(titles, 1)]
    with indexed(cache, *records, raw("NCT00000009", identificationModule={"briefTitle": "gout"})) as made:
        yield made


@pytest.mark.parametrize(
    ("query", "means"),
    [
        ("baricitnib", ["baricitinib"]),
        ("slcerosis", ["sclerosis"]),
        ("baricitnib slcerosis", ["baricitinib", "sclerosis"]),
        ("barcitinb", ["baricitinib"]),
        ("gou7", []),  # no word of letters
        ("gaut", ["gout"]),
        ("gat", []),  # too short to tell
        ("gaux", []),  # two slips in four letters
        ("qqqqqqqqq", []),
        ("baricitinik nothere", []),  # held by one trial: no slip here; and nothing is near the other
        ("sclerosis gout", []),  # each is held, the two together are not
        ("gout NOT (gout OR baricitnib)", []),
    ],
)
def test_of_words_that_no_trial_has_the_nearest_is_told(index: Index, query: str, means: list[str]) -> None:
    page = index.search(SearchRequest(query, parse(query)))
    assert page.total == 0
    assert page.did_you_mean == means


def test_words_of_filters_are_told_too(index: Index) -> None:
    made = filters({"title": ["slcerosis"]}, results=None, ids=None)
    request = SearchRequest(None, None, made)
    assert index.misspelled(request) == [("slcerosi", "sclerosis")]
    assert index.search(request).did_you_mean == ["sclerosis"]


def test_where_something_is_found_nothing_is_proposed(index: Index) -> None:
    page = index.search(SearchRequest("gout OR baricitnib", parse("gout OR baricitnib")))
    assert (page.total, page.did_you_mean) == (2, [])
    assert b"did_you_mean" not in msgspec.json.encode(page)
