from pathlib import Path

import pytest

from crawler.config import Cache
from tests.indexes import brought_up
from tests.past import loaded, set_gone, state
from tests.running import Shell

ONE, TWO, THREE = "NCT00000001", "NCT00000002", "NCT00000003"
MUMPS, LUPUS = {"conditions": ["Mumps"]}, {"conditions": ["Lupus"]}
BUILT = "trialkin: building the index as of 2023-12-31; it is kept for the next time.\n"


@pytest.fixture
def at(tmp_path: Path) -> tuple[str, str]:
    """`--cache` of two trials that were alike until one changed, and of one that came later."""
    cache = Cache(tmp_path / "cache")
    names = {"briefSummary": f"Extension of {TWO}, the same vaccine."}
    loaded(
        cache,
        state("2022-01-01", "RECRUITING", conditionsModule=MUMPS, descriptionModule=names),
        state("2022-02-02", "COMPLETED", TWO, conditionsModule=MUMPS, descriptionModule={"briefSummary": "A vaccine."}),
        state("2025-01-01", "COMPLETED", THREE, conditionsModule=MUMPS),
    )
    loaded(cache, state("2024-01-01", "TERMINATED", conditionsModule=LUPUS))
    brought_up(cache)
    return "--cache", str(cache.folder)


def test_search_answers_over_the_versions_of_the_day(trialkin: Shell, at: tuple[str, str]) -> None:
    ran = trialkin("search", "mumps", "--as-of", "2023", "--facets", "--json", *at)
    page = ran.json
    assert (ran.code, ran.err) == (0, BUILT)
    assert (page["total"], page["as_of"], page["data_timestamp"]) == (2, "2023-12-31", None)
    assert {hit["nct_id"]: (hit["status"], hit["conditions"]) for hit in page["hits"]} == {
        ONE: ("RECRUITING", ["Mumps"]), TWO: ("COMPLETED", ["Mumps"])
    }  # fmt: skip
    assert {count["value"]: count["count"] for count in page["facets"]["status"] if count["count"]} == {
        "RECRUITING": 1,
        "COMPLETED": 1,
    }
    now = trialkin("search", "mumps", "--json", *at).json
    assert ("as_of" in now, sorted(hit["nct_id"] for hit in now["hits"])) == (False, [TWO, THREE])


def test_filters_ids_and_lines_of_stdin_are_of_the_day_too(trialkin: Shell, at: tuple[str, str]) -> None:
    asked = ("--as-of", "2023-12", *at)
    assert trialkin("search", "--status", "recruiting", "--format", "ids", *asked).out == f"{ONE}\n"
    lines = trialkin("search", "-", *asked, stdin="mumps\nlupus\n").lines
    assert [(line["total"], line["as_of"]) for line in lines] == [(2, "2023-12-31"), (0, "2023-12-31")]
    assert trialkin("search", "mumps", *asked).out.startswith("1–2 of 2 trials as of 2023-12-31\n")


def test_a_day_since_which_nothing_changed_answers_without_a_word(trialkin: Shell, at: tuple[str, str]) -> None:
    ran = trialkin("search", "lupus", "--as-of", "2025-06-01", "--json", *at)
    assert (ran.json["total"], ran.json["as_of"], ran.err) == (1, "2025-06-01", "")


def test_a_day_before_all_is_empty_and_says_so(trialkin: Shell, at: tuple[str, str]) -> None:
    ran = trialkin("search", "--as-of", "1999", "--json", *at)
    assert (ran.code, ran.json["total"], ran.json["hits"], ran.json["as_of"]) == (0, 0, [], "1999-12-31")
    assert ran.err == "trialkin: no trial was held here on 1999-12-31: the oldest version of any is of 2022-01-01.\n"


def test_similar_and_its_reasons_are_of_the_day(trialkin: Shell, at: tuple[str, str]) -> None:
    answer = trialkin("similar", ONE, "--why", "--as-of", "2023", "--json", *at).json
    assert (answer["nct_id"], answer["as_of"]) == (ONE, "2023-12-31")
    (hit,) = answer["hits"]
    assert hit["nct_id"] == TWO
    facts = {(fact["kind"], fact.get("text")) for fact in hit["why"]["facts"] if fact["kind"] == "link"}
    assert len(facts) == 1
    assert "mumps" in {term["term"] for term in hit["why"]["terms"]}
    now = trialkin("similar", ONE, "--why", "--json", *at).json
    assert "as_of" not in now
    assert not [term for hit in now["hits"] for term in hit["why"]["terms"] if term["term"] == "mumps"]


def test_similar_for_people_and_lines_names_the_day(trialkin: Shell, at: tuple[str, str]) -> None:
    out = trialkin("similar", TWO, "--as-of", "2023", *at).out
    assert out.startswith(f"Trials most like {TWO} as of 2023-12-31\n")
    lines = trialkin("similar", "-", "--as-of", "2023", *at, stdin=f"{TWO}\n{THREE}\n").lines
    assert (lines[0]["as_of"], [hit["nct_id"] for hit in lines[0]["hits"]]) == ("2023-12-31", [ONE])
    assert "is of 2025-01-01" in lines[1]["error"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("search", "mumps", "--as-of", "soon"), 2, "'soon' is no date; write 2026-08-19, 2026-08 or 2026."),
        (("search", "mumps", "--as-of", "2023-02-30"), 2, "'2023-02-30' is no date"),
        (("similar", ONE, "--as-of", "2023-13"), 2, "'2023-13' is no date"),
        (("similar", THREE, "--as-of", "2023"), 1, "the oldest version of NCT00000003 here is of 2025-01-01"),
        (("similar", ONE, "--as-of", "1999"), 1, "the oldest version of NCT00000001 here is of 2022-01-01"),
        (("similar", "NCT00000007", "--as-of", "2023"), 1, "NCT00000007 is not in this cache"),
        (("search", "mumps", "--as-of", "2023", "--engine", "grep"), 2, "there is no engine 'grep'"),
    ],
)
def test_mistakes_are_told_before_anything_is_built(
    trialkin: Shell, at: tuple[str, str], words: tuple[str, ...], code: int, sentence: str
) -> None:
    ran = trialkin(*words, *at)
    assert (ran.code, ran.out) == (code, "")
    assert sentence in ran.err
    assert "building" not in ran.err


def test_a_trial_gone_by_then_says_since_when(trialkin: Shell, at: tuple[str, str]) -> None:
    set_gone(Cache(Path(at[1])), TWO, "2023-05-05")
    ran = trialkin("similar", TWO, "--as-of", "2023", *at)
    assert (ran.code, "gone from the registry since 2023-05-05" in ran.err) == (1, True)
    assert trialkin("similar", TWO, "--as-of", "2023-05-04", "--format", "ids", *at).out == f"{ONE}\n"


def test_a_cache_with_an_index_of_a_day_is_sound(trialkin: Shell, at: tuple[str, str]) -> None:
    trialkin("search", "mumps", "--as-of", "2023", *at)
    assert trialkin("verify", "--json", *at).json["sound"] is True
    assert trialkin("status", "--json", *at).json["behind"] is False


def test_an_empty_cache_says_so(trialkin: Shell, tmp_path: Path) -> None:
    ran = trialkin("search", "mumps", "--as-of", "2023", "--cache", str(tmp_path / "none"))
    assert (ran.code, "holds no trials yet" in ran.err) == (1, True)
