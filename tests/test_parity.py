"""`parity` against the bundled sample as a registry, with a cache that differs from it in known places."""

import json
from pathlib import Path

import pytest

from crawler.config import Cache
from tests.conftest import SAMPLE
from tests.running import Shell

SEED = "NCT05300932"


@pytest.fixture
def differing(trialkin: Shell, cache: Cache, tmp_path: Path) -> Cache:
    """The sample without one relative; one record older and without a word, one with a word more."""
    records = [json.loads(line) for line in SAMPLE.read_bytes().splitlines()]
    for record in records:
        protocol = record["protocolSection"]
        nct_id = protocol["identificationModule"]["nctId"]
        if nct_id == SEED:
            protocol["statusModule"]["lastUpdatePostDateStruct"]["date"] = "2025-01-01"
            protocol["identificationModule"]["briefTitle"] = "A study of a tablet"
            protocol["conditionsModule"]["keywords"] = ["tablets"]
        if nct_id == "NCT00000432":
            protocol["identificationModule"]["briefTitle"] += " baricitinib"
    kept = [r for r in records if r["protocolSection"]["identificationModule"]["nctId"] != "NCT06936215"]
    path = tmp_path / "differing.jsonl"
    path.write_text("\n".join(map(json.dumps, kept)), encoding="utf-8")
    trialkin("load", str(path), "--cache", str(cache.folder))
    return cache


def test_counts_stand_side_by_side_and_differences_have_reasons(
    trialkin: Shell, differing: Cache, tmp_path: Path
) -> None:
    queries = tmp_path / "queries"
    queries.write_text("title:baricitinib\n\nlupus\nphase:4\n(broken\n", encoding="utf-8")
    flags = ("--registry", "sample", "--pace", "0", "--json", "--cache", str(differing.folder))
    ran = trialkin("parity", str(queries), *flags)
    assert ran.code == 1
    titles, lupus, phase, broken = ran.lines
    # By title the sample has NCT04320277, NCT04421027, NCT05300932 and NCT06936215, the last of which is not held.
    assert (titles["registry_total"], titles["registry"], titles["ours"], titles["same"]) == (4, 3, 3, False)
    assert [difference["nct_id"] for difference in titles["only_registry"]] == [SEED]
    assert "2026-01-27" in titles["only_registry"][0]["reason"]
    assert [difference["nct_id"] for difference in titles["only_ours"]] == ["NCT00000432"]
    assert lupus["registry"] == lupus["ours"] > 0
    assert "only_registry" not in lupus
    assert (phase["registry"], phase["ours"]) == (1, 1)
    assert list(broken) == ["query", "error"]
    assert "closing bracket" in broken["error"]


def test_nothing_on_both_sides_is_counted_as_nothing(trialkin: Shell, differing: Cache, tmp_path: Path) -> None:
    queries = tmp_path / "queries"
    queries.write_text("qwertzu\n", encoding="utf-8")
    flags = ("--registry", "sample", "--pace", "0", "--json", "--cache", str(differing.folder))
    told = trialkin("parity", str(queries), *flags).json
    assert told == {"query": "qwertzu", "registry_total": 0, "registry": 0, "ours": 0, "same": True}


def test_the_caret_stands_under_its_place(trialkin: Shell, differing: Cache, tmp_path: Path) -> None:
    queries = tmp_path / "queries"
    queries.write_text("gout )\n", encoding="utf-8")
    ran = trialkin("parity", str(queries), "--registry", "sample", "--pace", "0", "--cache", str(differing.folder))
    assert ran.out.split("\n")[-4:] == [
        "  the query can't be read: expected no closing bracket, for none is open",
        "    gout )",
        "         ^",
        "",
    ]


def test_people_read_it_too(trialkin: Shell, differing: Cache, tmp_path: Path) -> None:
    queries = tmp_path / "queries"
    queries.write_text("title:baricitinib\nphase:4\n", encoding="utf-8")
    ran = trialkin("parity", str(queries), "--registry", "sample", "--pace", "0", "--cache", str(differing.folder))
    assert ran.code == 0
    assert "differs: 3 here, 3 there (of 4 at the registry)" in ran.out
    assert f"only there: {SEED}" in ran.out
    assert "same: 1 here, 1 there" in ran.out


def test_a_registry_that_does_not_answer_is_told_of(trialkin: Shell, differing: Cache, tmp_path: Path) -> None:
    queries = tmp_path / "queries"
    queries.write_text("lupus\n", encoding="utf-8")
    flags = ("--registry", "http://127.0.0.1:9", "--pace", "0", "--cache", str(differing.folder))
    ran = trialkin("parity", str(queries), *flags)
    assert (ran.code, ran.stdout) == (1, b"")
    assert "127.0.0.1:9" in ran.err
