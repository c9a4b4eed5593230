"""How a query was understood, and what is no query: the same at every door, and never a traceback."""

import json
from pathlib import Path
from string import ascii_lowercase

import httpx
import pytest

from crawler.config import Cache
from index.errors import QueryError
from index.query.parse import parse
from tests.running import Shell

pytest_plugins = ("tests.web",)


# -- how it was understood -------------------------------------------------------------------------------------------

UNDERSTOOD = """\
all of these:
  all of these:
    the phrase “systemic sclerosis” in conditions
    not:
      Country is China
    any of these:
      StdAge is “CHILD”
      MinimumAge up to 16 years
    the word “running” exactly as written in any text
    CentralContactEMail has no value
  --phase: Phase is PHASE2 or PHASE3
"""
ASKED = (
    'cond:"systemic sclerosis" NOT country:China (AREA[StdAge]CHILD OR AREA[MinimumAge]RANGE[MIN, 16 years]) '
    "EXPANSION[None]running AREA[CentralContactEMail]MISSING"
)


def test_a_query_is_explained_without_an_index(trialkin: Shell, tmp_path: Path) -> None:
    ran = trialkin("search", ASKED, "--phase", "2", "--phase", "3", "--explain-query", "--cache", str(tmp_path / "no"))
    assert (ran.code, ran.out, ran.err) == (0, UNDERSTOOD, "")
    assert not (tmp_path / "no").exists()


def test_an_explanation_in_json(trialkin: Shell) -> None:
    ran = trialkin("search", "lupus OR NOT start:2020", "--explain-query", "--json")
    assert ran.json == {
        "query": "lupus OR NOT start:2020",
        "understood": {
            "meaning": "any of these",
            "parts": [
                {"meaning": "the word “lupus” in any text"},
                {"meaning": "not", "parts": [{"meaning": "Start date from 2020-01-01 to 2020-12-31"}]},
            ],
        },
    }
    assert trialkin("search", "--explain-query", "--json").json == {
        "query": None,
        "understood": {"meaning": "every trial"},
    }


def test_a_batch_is_explained_line_by_line(trialkin: Shell) -> None:
    ran = trialkin("search", "-", "--explain-query", "--sex", "female", stdin="lupus\n(\n")
    assert ran.code == 1
    assert ran.lines[0]["understood"]["parts"][1] == {"meaning": "Sex is FEMALE", "filter": "--sex"}
    assert ran.lines[1] == {"query": "(", "error": str(mistake("("))}


# -- mistakes, and worse ---------------------------------------------------------------------------------------------


def mistake(query: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(query)
    return caught.value


def test_every_door_tells_of_a_mistake_alike(trialkin: Shell, sample_cache: Cache, sample_site: httpx.Client) -> None:
    wrong = "lupus AREA[OutcomeMeasureTitle]x"
    sentence = str(mistake(wrong))
    at = ("--cache", str(sample_cache.folder))
    for ran in (trialkin("search", wrong, *at), trialkin("search", wrong, "--json", *at)):
        assert (ran.code, ran.out, ran.err) == (2, "", f"trialkin: {sentence}\n")
    assert trialkin("search", "-", *at, stdin=f"{wrong}\n").lines == [{"query": wrong, "error": sentence}]
    answer = sample_site.get("/api/search", params={"q": wrong})
    assert (answer.status_code, json.loads(answer.content)) == (400, {"error": sentence})
    assert sample_site.get("/search", params={"q": wrong}).status_code == 400
    refused = sample_site.get("/api/v2/studies", params={"query.term": wrong})
    assert (refused.status_code, refused.text) == (400, f"Error parsing query in query.term: {sentence}")


def test_every_door_reads_the_records(trialkin: Shell, sample_cache: Cache, sample_site: httpx.Client) -> None:
    asked = "AREA[DesignMasking]TRIPLE"
    ids = {"NCT00089661", "NCT05440721"}
    ran = trialkin("search", asked, "--json", "--cache", str(sample_cache.folder))
    assert {hit["nct_id"] for hit in ran.json["hits"]} == ids
    assert {hit["nct_id"] for hit in sample_site.get("/api/search", params={"q": asked}).json()["hits"]} == ids
    mirror = sample_site.get("/api/v2/studies", params={"filter.advanced": asked, "countTotal": "true"})
    assert mirror.json()["totalCount"] == 2
    near = trialkin("similar", "NCT05300932", "--cond", f"lupus {asked}", "--json", "--cache", str(sample_cache.folder))
    assert {hit["nct_id"] for hit in near.json["hits"]} <= ids


HOSTILE = [
    "(" * 500 + "a" + ")" * 500,
    "(" * 10_000,
    ")" * 10_000,
    '"' * 9_999,
    "[" * 10_000,
    "AREA[" * 2_000,
    "AREA[",
    "AREA[]",
    "AREA[]a",
    "AREA[StdAge]",
    "SEARCH[Location](",
    "RANGE[MAX,MIN]",
    "AREA[StartDate]RANGE[MAX,MIN]",
    "AREA[MinimumAge]RANGE[MAX,MIN]",
    "AREA[EnrollmentCount]RANGE[MAX,MIN]",
    "AREA[StartDate]RANGE[2022,2020]",
    "AREA[EnrollmentCount]RANGE[9,1]",
    "AREA[EnrollmentCount]RANGE[1," + "9" * 4_000 + "]",
    "AREA[EnrollmentCount]RANGE[1," + "9" * 9_000 + "]",
    "AREA[MinimumAge]" + "9" * 9_000,
    "AREA[NPtrsToThisExpAccNCTId]1e999",
    "*",
    "* ? **",
    "?",
    "\x00\x01\x1b[31m",
    "lupus\x00\x07 \u202e",
    "\udcff lupus",
    "lupus " * 1_700,
    '"' + "a " * 5_000 + '"',
    "a" * 10_000,
    " ".join(f"w{number}" for number in range(1_500)),
    " ".join(f"wor{a}{b}{c}" for a in "abcde" for b in ascii_lowercase for c in ascii_lowercase),
    "EXPANSION[None]" * 600 + "a",
    "COVERAGE[FullMatch](" * 30 + "a" + ")" * 30,
    "EXPANSION[None]the " * 500,
    "AREA[StdAge]x OR " * 500 + "a",
    "NOT " * 2_500 + "a",
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: ascii(query)[:30])
def test_a_hostile_query_is_pointed_at_or_answered(trialkin: Shell, sample_cache: Cache, query: str) -> None:
    ran = trialkin("search", query, "--json", "--cache", str(sample_cache.folder))
    assert ran.code in {0, 2}
    if ran.code == 2:
        assert ran.err.split("\n")[-2].strip() == "^"
    else:
        assert ran.json["total"] >= 0
