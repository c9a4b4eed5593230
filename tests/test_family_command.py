"""`family` as people and programs meet it; the sample's values are read from its records."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crawler.config import Cache
from crawler.store import Store
from serve.family import FamilyAnswer, family_of
from serve.records import find
from tests.conftest import ROOT, SHARED
from tests.indexes import brought_up, keep
from tests.loaded import loaded, of_records
from tests.records import raw, study
from tests.running import Ran, Shell


@pytest.fixture
def held(sample_cache: Cache) -> tuple[str, str]:
    """`--cache` of the sample's records."""
    return "--cache", str(sample_cache.folder)


def naming(nct_id: str, *texts: str, **modules: dict[str, Any]) -> dict[str, Any]:
    return study(nct_id, descriptionModule={"briefSummary": " ".join(texts)}, **modules)


def kinds(ran: Ran) -> list[tuple[str, str, str]]:
    return [(link["from"], link["kind"], link["to"]) for link in ran.json["links"]]


# -- the sample --------------------------------------------------------------------------------------------------------


def test_the_answer_is_as_promised(trialkin: Shell, held: tuple[str, str]) -> None:
    ran = trialkin("family", "nct4323761", "--json", *held)
    assert (ran.code, ran.err) == (0, "")
    answer = ran.json
    assert answer["links"] == [
        {
            "from": "NCT04431453",
            "to": "NCT04323761",
            "kind": "expanded_access",
            "evidence": "expanded access to the treatment under NCT04323761",
        },
        {
            "from": "NCT04323761",
            "to": "NCT04431453",
            "kind": "shared_id",
            "evidence": "both carry id GS-US-540… of Gilead Sciences",
        },
    ]
    assert [trial["nct_id"] for trial in answer["trials"]] == ["NCT04323761", "NCT04431453"]
    assert (answer["nct_id"], answer["left"], answer["data_timestamp"]) == ("NCT04323761", 0, None)
    assert trialkin("family", "NCT04323761", "--format", "json", *held).json == answer


def test_a_roll_over_belongs_to_the_trial_it_follows(trialkin: Shell, held: tuple[str, str]) -> None:
    for asked in ("NCT02397473", "NCT02797951"):
        answer = trialkin("family", asked, "--json", *held).json
        assert {trial["nct_id"] for trial in answer["trials"]} == {"NCT02397473", "NCT02797951"}
        (link,) = answer["links"]
        assert (link["from"], link["to"], link["kind"]) == ("NCT02797951", "NCT02397473", "mention")
        assert link["evidence"].startswith("brief summary: People with cluster headache who finished NCT02397473")
        assert [(link["from"], link["to"]) for link in answer["missing"]] == [("NCT02797951", "NCT02438826")]


def test_two_halves_of_a_study_share_an_id_and_papers(trialkin: Shell, held: tuple[str, str]) -> None:
    answer = trialkin("family", "NCT00000419", "--json", *held).json
    assert [trial["nct_id"] for trial in answer["trials"]] == ["NCT00000419", "NCT00000420"]
    evidence = [link["evidence"] for link in answer["links"]]
    assert "both carry id U01AR042540" in evidence
    assert "both carry PMID 9259444, as background" in evidence
    assert len(evidence) == 7


def test_a_centers_grant_makes_no_family(trialkin: Shell, held: tuple[str, str]) -> None:
    answer = trialkin("family", "NCT00000417", "--json", *held).json
    assert (len(answer["trials"]), answer["links"]) == (1, [])
    assert {"nct_id": "NCT00000417", "kind": "shared_id", "value": "P60AR036308", "trials": 2} in answer["unfollowed"]


def test_the_tree(trialkin: Shell, held: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert trialkin("family", "NCT04323761", *held).out.splitlines() == [
        "NCT04323761 Expanded Access Treatment Protocol: Remdesivir (RDV; GS-5734) for",
        "│  the Treatment of SARS-CoV2 (CoV) Infection · AVAILABLE",
        "└─ NCT04431453 Study of Remdesivir in Participants Below 18 Years Old With",
        "      COVID-19 · COMPLETED · PHASE2, PHASE3",
        "      ← expanded access: expanded access to the treatment under NCT04323761",
        "      – shared id: GS-US-540… of Gilead Sciences",
        "",
        "1 relative, 2 links",
        "→ the trial above names it   ← it names the trial above   – both have it",
    ]


def test_a_trial_without_relatives_and_an_alias(trialkin: Shell, held: tuple[str, str]) -> None:
    answer = trialkin("family", "NCT00182910", "--json", *held).json
    assert (answer["nct_id"], answer["asked"], answer["links"]) == ("NCT00000620", "NCT00182910", [])
    out = trialkin("family", "NCT00182910", *held).out
    assert "asked for as NCT00182910" in out
    assert "0 relatives, 0 links" in out


# -- by the index, or in all records -----------------------------------------------------------------------------------


def answered(cache: Cache, asked: str) -> tuple[FamilyAnswer, list[int]]:
    """An answer, and how many records each bar that was shown for it was told of."""
    shown: list[int] = []

    @contextmanager
    def reading(total: int) -> Iterator[Callable[[int], None]]:
        shown.append(total)
        yield lambda _more: None

    with Store.reading(cache) as store:
        return family_of(store, find(store, asked), 100, reading), shown


def test_the_index_spares_reading_all_records(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    ids = {"secondaryIdInfos": [{"id": "2016-001234-12"}]}
    keep(cache, *(raw(f"NCT{number:08d}", identificationModule=ids) for number in range(1, 4)))
    read, shown = answered(cache, "NCT1")
    assert (len(read.trials), len(read.links), shown) == (3, 3, [3])
    brought_up(cache)
    assert answered(cache, "NCT1") == (read, [])
    keep(cache, raw("NCT00000004", identificationModule=ids))
    again, shown = answered(cache, "NCT1")
    assert (len(again.trials), len(again.links), shown) == (4, 6, [4])


ASKING = """
import sys
from cli import trialkin
trialkin(["family", "NCT1", "--json", "--cache", sys.argv[1]], standalone_mode=False)
print("numpy" in sys.modules)
"""


def test_a_family_by_the_index_loads_no_numpy(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    keep(cache, *(raw(f"NCT{number:08d}", referencesModule={"references": [{"pmid": "7"}]}) for number in (1, 2)))
    brought_up(cache)
    words = [sys.executable, "-c", ASKING, str(cache.folder)]
    done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    answer, told = done.stdout.splitlines()
    assert (len(json.loads(answer)["links"]), told) == (1, "False")


def test_an_index_of_other_records_is_left_aside(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    keep(cache, raw("NCT00000001"), raw("NCT00000002"))
    brought_up(cache)
    cache.database.unlink()
    ids = {"secondaryIdInfos": [{"id": "2016-001234-12"}]}
    keep(cache, *(raw(f"NCT{number:08d}", identificationModule=ids) for number in range(1, 3)))
    answer, shown = answered(cache, "NCT1")  # as many changes made it, and it is another
    assert (len(answer.links), shown) == (1, [2])


# -- graphs of our own -------------------------------------------------------------------------------------------------


def test_links_lead_on_in_both_directions(trialkin: Shell, tmp_path: Path) -> None:
    at = of_records(
        tmp_path,
        naming("NCT00000001"),
        naming("NCT00000002", "Extension of NCT00000001."),
        naming("NCT00000003", "Roll-over of NCT00000002."),
        naming("NCT00000004", identificationModule={"secondaryIdInfos": [{"id": "NCT00000003"}]}),
        naming("NCT00000005"),
    )
    for asked in ("NCT1", "NCT2", "NCT3", "NCT4"):
        assert kinds(trialkin("family", asked, "--json", *at)) == [
            ("NCT00000004", "secondary_id", "NCT00000003"),
            ("NCT00000002", "mention", "NCT00000001"),
            ("NCT00000003", "mention", "NCT00000002"),
        ]


def test_a_limit_says_what_it_cut(trialkin: Shell, tmp_path: Path) -> None:
    records = [naming(f"NCT{number:08d}", "After NCT00000001.") for number in range(1, 11)]
    at = of_records(tmp_path, *records)
    answer = trialkin("family", "NCT1", "--limit", "4", "--json", *at).json
    assert (len(answer["trials"]), len(answer["links"]), answer["left"]) == (4, 3, 6)
    assert "at least 6 more are linked" in trialkin("family", "NCT1", "--limit", "4", *at).out
    assert trialkin("family", "NCT1", "--json", *at).json["left"] == 0


def test_what_many_share_makes_no_family(trialkin: Shell, tmp_path: Path) -> None:
    papers = {"references": [{"pmid": "32031570", "type": "RESULT"}]}
    ids = {"secondaryIdInfos": [{"id": "SWOG-S1234"}]}
    records = [study(f"NCT{number:08d}", identificationModule=ids, referencesModule=papers) for number in range(1, 31)]
    at = of_records(tmp_path, *records)
    answer = trialkin("family", "NCT1", "--json", *at).json
    assert answer["links"] == []
    assert [(one["value"], one["trials"]) for one in answer["unfollowed"]] == [("SWOG-S1234", 30), ("32031570", 30)]
    assert "Not followed" in trialkin("family", "NCT1", *at).out


def test_a_link_to_an_obsolete_id_leads_to_its_trial(trialkin: Shell, tmp_path: Path) -> None:
    at = of_records(
        tmp_path,
        study("NCT00000001", identificationModule={"nctIdAliases": ["NCT00000009"]}),
        naming("NCT00000002", "Extension of NCT00000009."),
    )
    for asked in ("NCT1", "NCT2", "NCT9"):
        (link,) = trialkin("family", asked, "--json", *at).json["links"]
        assert (link["from"], link["to"], link["kind"]) == ("NCT00000002", "NCT00000001", "mention")
        assert link["evidence"] == (
            "brief summary: Extension of NCT00000009. (NCT00000009 is an obsolete id of NCT00000001)"
        )


def test_a_gone_trial_stays_in_its_family(trialkin: Shell, tmp_path: Path) -> None:
    at = of_records(tmp_path, naming("NCT00000001"), naming("NCT00000002", "After NCT00000001."))
    with Store.writing(Cache(tmp_path / "cache")) as store, store.transaction():
        store.db.execute("UPDATE trial SET gone = '2026-08-19' WHERE nct_id = 'NCT00000001'")
    answer = trialkin("family", "NCT2", "--json", *at).json
    assert [trial.get("gone") for trial in answer["trials"]] == [None, "2026-08-19"]
    assert "gone since 2026-08-19" in trialkin("family", "NCT2", *at).out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("NCT09999999",), 1, "`trialkin crawl NCT09999999` fetches it"),
        (("hello",), 2, "'hello' is no NCT id"),
        ((), 2, "ID"),
        (("NCT00000419", "--format", "svg"), 2, "svg"),
        (("NCT00000419", "--limit", "0"), 2, "--limit"),
    ],
)
def test_wrong_words_are_one_sentence(
    trialkin: Shell, held: tuple[str, str], words: tuple[str, ...], code: int, told: str
) -> None:
    ran = trialkin("family", *words, *held)
    assert (ran.code, ran.stdout) == (code, b"")
    assert told in ran.err


@pytest.mark.shared
def test_a_platform_of_real_trials_is_one_family(trialkin: Shell, tmp_path: Path) -> None:
    # CORIMUNO-19: six of one sponsor's number, the cohort that one of them names, a sister with its EudraCT number.
    path = tmp_path / "paris.jsonl"
    lines = gzip.decompress((SHARED / "registry" / "legacy.jsonl.gz").read_bytes()).splitlines()
    path.write_bytes(b"\n".join(line for line in lines if b"pitaux de Paris" in line))
    at = loaded(tmp_path / "cache", str(path))
    answer = trialkin("family", "NCT04324073", "--json", *at).json
    assert sorted(trial["nct_id"] for trial in answer["trials"]) == [
        "NCT04324047", "NCT04324073", "NCT04331808", "NCT04341584", "NCT04341870", "NCT04345991", "NCT04346797",
        "NCT04476979",
    ]  # fmt: skip
    assert ("NCT04341870", "mention", "NCT04324047") in {
        (one["from"], one["kind"], one["to"]) for one in answer["links"]
    }


# -- foreign text ------------------------------------------------------------------------------------------------------

BAD = 'say "hi" \\N \\" ]; "x" -> "y" \x1b[31m\u202e {<b>}'
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ITEM = re.compile(
    rf"  rankdir=LR;|  (?:node|{_QUOTED}|{_QUOTED} -> {_QUOTED}) \[(?:[a-z]+=(?:{_QUOTED}|[a-z0-9]+)(?:, )?)+\];"
)


def hostile(folder: Path) -> tuple[str, str]:
    return of_records(
        folder,
        study("NCT00000001", identificationModule={"briefTitle": BAD}),
        naming("NCT00000002", f"{BAD} after NCT00000001 and NCT00000008 {BAD}"),
    )


def test_dot_is_quoted(trialkin: Shell, tmp_path: Path) -> None:
    ran = trialkin("family", "NCT1", "--format", "dot", *hostile(tmp_path))
    first, *items, last = ran.out.splitlines()
    assert (first, last) == ("digraph family {", "}")
    assert [item for item in items if not _ITEM.fullmatch(item)] == []
    assert sum('" -> "' in re.sub(r"\[.*", "", item) for item in items) == 2
    assert '  "NCT00000008" [style=dashed];' in items
    assert not {letter for letter in ran.out if letter != "\n" and not letter.isprintable()}


def test_the_terminal_gets_no_control_characters(trialkin: Shell, tmp_path: Path) -> None:
    out = trialkin("family", "NCT1", *hostile(tmp_path)).out
    assert not {letter for letter in out if letter != "\n" and not letter.isprintable()}
    assert "{<b>}" in out


@pytest.mark.parametrize("width", [80, 120])
def test_a_long_chain_fits_the_terminal(
    trialkin: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    at = of_records(tmp_path, *(naming(f"NCT{n:08d}", f"After NCT{n - 1:08d} it went on.") for n in range(1, 16)))
    out = trialkin("family", "NCT1", *at).out
    assert max(map(len, out.splitlines())) <= width
    assert out.count("└─") == 14
