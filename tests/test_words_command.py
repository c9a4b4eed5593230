"""`suggest`, synonyms, `did you mean` and the shell's completion, as people and programs meet them."""

import subprocess
import sys
from pathlib import Path

import pytest

from crawler.config import Cache
from tests.indexes import brought_up, keep
from tests.records import raw
from tests.running import Shell

PROGRAM = str(Path(sys.executable).with_name("trialkin"))


def at(cache: Cache) -> tuple[str, str]:
    return "--cache", str(cache.folder)


# -- suggest ---------------------------------------------------------------------------------------------------------


def test_suggest_completes_a_prefix(trialkin: Shell, sample_cache: Cache) -> None:
    ran = trialkin("suggest", "eli", "--json", *at(sample_cache))
    assert ran.code == 0
    assert ran.json == {
        "prefix": "eli",
        "suggestions": [{"kind": "sponsor", "text": "Eli Lilly and Company", "count": 3}],
        "data_timestamp": None,
    }


def test_suggest_narrows_by_kind_and_limit(trialkin: Shell, sample_cache: Cache) -> None:
    words = ("suggest", "SYST", "--kind", "condition", "--limit", "2", "--json")
    told = [(name["text"], name["count"]) for name in trialkin(*words, *at(sample_cache)).json["suggestions"]]
    assert told == [("Systemic Sclerosis", 6), ("Systemic Lupus Erythematosus", 5)]
    assert trialkin("suggest", "syst", "--kind", "sponsor", "--json", *at(sample_cache)).json["suggestions"] == []


def test_suggest_shows_a_name_a_line(trialkin: Shell, sample_cache: Cache) -> None:
    lines = trialkin("suggest", "eli", *at(sample_cache)).out.splitlines()
    assert [line.split() for line in lines] == [["3", "sponsor", "Eli", "Lilly", "and", "Company"]]


def test_suggest_needs_records_and_a_kind_that_is_one(trialkin: Shell, cache: Cache, sample_cache: Cache) -> None:
    assert trialkin("suggest", "eli", *at(cache)).code == 1
    assert trialkin("suggest", "eli", "--kind", "country", *at(sample_cache)).code == 2


# -- synonyms --------------------------------------------------------------------------------------------------------


@pytest.fixture
def hearts(cache: Cache) -> Cache:
    """Three heart attacks, and one that its MeSH term alone tells of."""
    mesh = {"conditionBrowseModule": {"meshes": [{"id": "D009203", "term": "Myocardial Infarction"}]}}
    named = [raw(f"NCT0000000{n}", conditionsModule={"conditions": ["Heart Attack"]}, derived=mesh) for n in (1, 2, 3)]
    keep(cache, *named, raw("NCT00000004", conditionsModule={"conditions": ["MI"]}, derived=mesh))
    brought_up(cache)
    return cache


@pytest.mark.parametrize("words", [("heart attack",), ("--cond", "heart attack"), ("--cond", '"Heart attacks"')])
def test_synonyms_are_looked_for_and_told(trialkin: Shell, hearts: Cache, words: tuple[str, ...]) -> None:
    answer = trialkin("search", *words, "--json", *at(hearts)).json
    assert (answer["total"], answer["also"]) == (4, ["Myocardial Infarction"])
    plain = trialkin("search", *words, "--no-synonyms", "--json", *at(hearts)).json
    assert (plain["total"], plain["also"]) == (3, [])


def test_a_terminal_tells_of_synonyms(trialkin: Shell, hearts: Cache) -> None:
    assert "Looked for too: Myocardial Infarction" in trialkin("search", "heart attack", *at(hearts)).out
    assert "Looked for" not in trialkin("search", "heart attack", "--no-synonyms", *at(hearts)).out


def test_each_line_of_a_batch_has_its_own_synonyms(trialkin: Shell, hearts: Cache) -> None:
    first, second = trialkin("search", "-", *at(hearts), stdin="heart attack\nmi\n").lines
    assert (first["also"], second["also"]) == (["Myocardial Infarction"], [])


# -- did you mean ----------------------------------------------------------------------------------------------------


def test_a_slip_is_told_with_the_nearest_word(trialkin: Shell, sample_cache: Cache) -> None:
    ran = trialkin("search", "Baricitnib", "--json", *at(sample_cache))
    assert (ran.code, ran.json["total"], ran.json["did_you_mean"]) == (0, 0, ["baricitinib"])
    assert ran.err == "trialkin: no trial here has the word 'baricitnib'; did you mean 'baricitinib'?\n"


def test_slips_in_filters_are_told_and_what_is_near_nothing(trialkin: Shell, sample_cache: Cache) -> None:
    ran = trialkin("search", "xyzzy", "--cond", "slcerosis", *at(sample_cache))
    assert ran.err.splitlines() == [
        "trialkin: no trial here has the word 'xyzzy'.",
        "trialkin: no trial here has the word 'slcerosis'; did you mean 'sclerosis'?",
    ]


@pytest.mark.parametrize("asked", [("--country", "Frnace"), ("gout country:Frnace",), ("NOT country:Frnace",)])
def test_a_value_that_no_trial_has_is_named_wherever_it_was_asked_for(
    trialkin: Shell, sample_cache: Cache, asked: tuple[str, ...]
) -> None:
    told = trialkin("search", *asked, "--limit", "0", "--cache", str(sample_cache.folder)).err
    assert "trialkin: no trial here has country 'Frnace'; the nearest is 'France'.\n" in told


def test_where_something_is_found_nothing_is_said(trialkin: Shell, sample_cache: Cache) -> None:
    ran = trialkin("search", "lupus OR baricitnib", "--json", *at(sample_cache))
    assert ran.err == ""
    assert "did_you_mean" not in ran.json


# -- completion ------------------------------------------------------------------------------------------------------


def completed(cache: Cache, shell: str, line: str) -> list[str]:
    """Values that a shell is given for the last word of a line; nothing may come on stderr."""
    environment = {
        "TRIALKIN_CACHE": str(cache.folder),
        "_TRIALKIN_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": line.rsplit(" ", maxsplit=1)[-1] if shell == "fish" else str(len(line.split(" ")) - 1),
    }
    ran = subprocess.run([PROGRAM], env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    if shell == "zsh":
        return lines[1::3]
    return [line.partition(",")[2].partition("\t")[0] for line in lines if line]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("trialkin sug", ["suggest"]),
        ("trialkin show NCT0530", ["NCT05300932"]),
        ("trialkin similar nct0530", ["NCT05300932"]),
        ("trialkin search --status rec", ["RECRUITING"]),
        ("trialkin search --phase PHASE", ["PHASE1", "PHASE2", "PHASE3", "PHASE4"]),
        ("trialkin search --accepts f", ["female"]),
        ("trialkin search --sort up", ["updated"]),
        ("trialkin search --start-year 199", ["1995", "1997", "1999", "1996"]),
        ("trialkin search --intr Barici", ["Baricitinib"]),
        ("trialkin search --country nowhere", []),
    ],
)
def test_a_shell_is_given_values(sample_cache: Cache, shell: str, line: str, values: list[str]) -> None:
    assert completed(sample_cache, shell, line) == values


def test_bash_is_given_spaces_that_it_does_not_split_at(sample_cache: Cache) -> None:
    assert completed(sample_cache, "bash", "trialkin search --sponsor eli") == [r"Eli\ Lilly\ and\ Company"]
    assert completed(sample_cache, "bash", 'trialkin search --sponsor "eli') == ["Eli Lilly and Company"]
    assert completed(sample_cache, "zsh", "trialkin search --sponsor eli") == ["Eli Lilly and Company"]


@pytest.mark.parametrize("line", ["trialkin show NCT", "trialkin search --cond syst", "trialkin search --country un"])
def test_without_a_cache_nothing_is_proposed_and_nothing_printed(tmp_path: Path, line: str) -> None:
    assert completed(Cache(tmp_path / "none"), "zsh", line) == []


def test_a_broken_index_proposes_nothing(hearts: Cache) -> None:
    (hearts.index / "manifest.json").write_bytes(b"{")
    assert completed(hearts, "zsh", "trialkin show NCT") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    environment = {"_TRIALKIN_COMPLETE": f"{shell}_source", "PATH": "/usr/bin:/bin"}
    ran = subprocess.run([PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert f"_TRIALKIN_COMPLETE={shell}_complete" in ran.stdout
    assert ran.stderr == ""
