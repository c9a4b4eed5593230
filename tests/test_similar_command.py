"""`similar` as people meet it: aspects, notes, links that records share, mistakes."""

from pathlib import Path
from typing import Any

import pytest

from crawler.config import Cache
from crawler.record import RawRecord
from tests.indexes import brought_up, keep
from tests.records import raw
from tests.running import Shell

SEED = "NCT05300932"


def at(cache: Cache) -> tuple[str, str]:
    return "--cache", str(cache.folder)


def flat(text: str) -> str:
    return " ".join(text.split())


def long(nct_id: str, number: int, **modules: Any) -> RawRecord:  # noqa: ANN401 - parts of a record
    words = " ".join(f"word{at}" for at in range(number, number + 40))
    return raw(nct_id, descriptionModule={"briefSummary": words}, **modules)


@pytest.fixture
def odd(cache: Cache) -> Cache:
    """A usual trial, one that was withdrawn, one of two words, and one of the first one's sponsor with its number."""
    numbered = {"orgStudyIdInfo": {"id": "ABC-12345"}, "briefTitle": "Gout"}
    sponsor = {"leadSponsor": {"name": "Tongji Hospital"}}
    keep(
        cache,
        long("NCT00000001", 0, identificationModule=numbered, sponsorCollaboratorsModule=sponsor),
        long("NCT00000002", 10, statusModule={"overallStatus": "WITHDRAWN"}),
        raw("NCT00000003", identificationModule={"briefTitle": "Gout study"}),
        long("NCT00000004", 20, identificationModule=numbered, sponsorCollaboratorsModule=sponsor),
    )
    brought_up(cache)
    return cache


def test_the_answer_says_how_trials_were_compared(trialkin: Shell, sample_cache: Cache) -> None:
    plain = trialkin("similar", SEED, "--json", *at(sample_cache)).json
    assert plain.keys() == {"nct_id", "hits", "data_timestamp"}
    words = ("--by", "Condition", "--unlike", "intervention", "--diverse")
    told = trialkin("similar", SEED, *words, "--json", *at(sample_cache)).json
    assert (told["by"], told["unlike"], told["diverse"]) == ("condition", "intervention", True)


def test_a_fact_has_both_sides(trialkin: Shell, sample_cache: Cache) -> None:
    hit = trialkin("similar", SEED, "--why", "--json", *at(sample_cache)).json["hits"][0]
    facts = {fact["kind"]: fact for fact in hit["why"]["facts"]}
    assert hit["nct_id"] == "NCT03274076"
    assert facts["phase"] == {
        "kind": "phase",
        "text": "another: PHASE1, PHASE2 (not PHASE4)",
        "asked": ["PHASE4"],
        "hit": ["PHASE1", "PHASE2"],
    }
    kinds = {"condition", "intervention", "phase", "allocation", "masking", "ages", "sponsor", "status"}
    assert kinds <= facts.keys()


def test_a_trial_of_few_words_says_so(trialkin: Shell, odd: Cache) -> None:
    told = trialkin("similar", "NCT00000003", "--json", *at(odd)).json
    assert told["note"] == "NCT00000003 has 2 words to compare by: few trials share any, and scores are low."
    assert told["note"] in flat(trialkin("similar", "NCT00000003", *at(odd)).out)
    assert told["note"] in trialkin("similar", "NCT00000003", "--format", "ids", *at(odd)).err


def test_a_withdrawn_trial_is_named_as_one_on_either_side(trialkin: Shell, odd: Cache) -> None:
    asked = trialkin("similar", "NCT00000002", "--json", *at(odd)).json
    assert asked["note"] == "NCT00000002 was withdrawn before it took anybody."
    hits = {hit["nct_id"]: hit for hit in trialkin("similar", "NCT00000001", "--why", "--json", *at(odd)).json["hits"]}
    facts = {fact["kind"]: fact["text"] for fact in hits["NCT00000002"]["why"]["facts"]}
    assert facts["status"] == "NCT00000002 is WITHDRAWN"


def test_an_aspect_that_a_trial_tells_nothing_of_is_named(trialkin: Shell, odd: Cache) -> None:
    note = trialkin("similar", "NCT00000001", "--by", "outcomes", "--json", *at(odd)).json["note"]
    assert note == "NCT00000001 tells nothing of its outcomes; what else it says decides."


@pytest.mark.parametrize(
    ("flags", "note"),
    [
        (("--country", "Atlantis"), "Nothing that the filters leave is like it."),
        (("--unlike", "condition", "--by", "sponsor"), "Nothing here is like it and differs in condition."),
        (("--limit", "0"), None),
    ],
)
def test_why_there_is_no_hit_is_told(trialkin: Shell, odd: Cache, flags: tuple[str, ...], note: str | None) -> None:
    told = trialkin("similar", "NCT00000001", *flags, "--json", *at(odd))
    assert told.json["hits"] == []
    assert (told.json.get("note") or "").endswith(note or "")
    assert ("Nothing" in trialkin("similar", "NCT00000001", *flags, *at(odd)).out) == (note is not None)


@pytest.mark.parametrize("command", [("search",), ("similar", "NCT00000001")])
def test_trials_that_near_can_t_find_are_counted(trialkin: Shell, cache: Cache, command: tuple[str, ...]) -> None:
    sites = {"locations": [{"facility": "Clinic", "city": "Paris", "country": "France"}]}
    keep(cache, raw("NCT00000001"), raw("NCT00000002", contactsLocationsModule=sites))
    brought_up(cache)
    told = trialkin(*command, "--near", "48.85,2.35,50km", "--format", "ids", *at(cache)).err
    assert "trialkin: 1 trial here has only sites without coordinates, which --near can't find.\n" in told
    assert "coordinates" not in trialkin(*command, "--format", "ids", *at(cache)).err


def test_an_id_given_twice_counts_once(trialkin: Shell, sample_cache: Cache) -> None:
    once = trialkin("similar", SEED, "NCT03274076", "--json", *at(sample_cache)).json
    twice = trialkin("similar", SEED, "NCT03274076", "nct5300932", "--json", *at(sample_cache)).json
    assert twice.pop("note") == f"{SEED} was given more than once and counts once."
    assert twice == once


def test_numbers_that_two_records_share_are_told_first(trialkin: Shell, odd: Cache) -> None:
    hits = trialkin("similar", "NCT00000001", "--why", "--json", *at(odd)).json["hits"]
    facts = {hit["nct_id"]: hit["why"]["facts"] for hit in hits}
    assert facts["NCT00000004"][0]["kind"] == "link"
    assert facts["NCT00000004"][0]["text"].startswith("both carry ")
    assert "ABC-12345" in facts["NCT00000004"][0]["text"]
    assert facts["NCT00000002"][0]["kind"] != "link"
    of_two = trialkin("similar", "NCT00000001", "NCT00000003", "--why", "--json", *at(odd)).json["hits"]
    (link,) = (fact["text"] for hit in of_two for fact in hit["why"]["facts"] if fact["kind"] == "link")
    assert link.startswith("NCT00000001 and NCT00000004: both carry ")
    assert "ABC-12345" in trialkin("similar", "NCT00000001", "--why", *at(odd)).out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--by", "drug"), "--by has no value 'drug'"),
        (("--unlike", "whole"), "--unlike has no value 'whole'"),
        (("--by", "sponsor", "--unlike", "sponsor"), "can't be alike by sponsor and unlike in sponsor"),
    ],
)
def test_a_mistake_is_one_sentence(trialkin: Shell, sample_cache: Cache, words: tuple[str, ...], told: str) -> None:
    ran = trialkin("similar", SEED, *words, *at(sample_cache))
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_lines_of_stdin_are_compared_in_the_same_way(trialkin: Shell, sample_cache: Cache, tmp_path: Path) -> None:
    assert not list(tmp_path.iterdir())
    words = ("--by", "design", "--diverse", "--limit", "3")
    (line,) = trialkin("similar", "-", *words, *at(sample_cache), stdin=f"{SEED}\n").lines
    assert line == trialkin("similar", SEED, *words, "--json", *at(sample_cache)).json
