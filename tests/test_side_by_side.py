"""`compare` as people and programs meet it; the sample's values are read from its records."""

from pathlib import Path
from typing import Any

import pytest

from crawler.config import Cache
from crawler.store import Store
from tests.loaded import of_records
from tests.records import study
from tests.running import Ran, Shell

SEED = "NCT05300932"
SELENA = ("NCT00000419", "NCT00000420")  # the two halves of one study
FIVE = (SEED, "NCT03274076", "NCT04440592", "NCT06936215", "NCT00853788")


@pytest.fixture
def held(sample_cache: Cache) -> tuple[str, str]:
    """`--cache` of the sample's records."""
    return "--cache", str(sample_cache.folder)


def rows(ran: Ran) -> dict[str, dict[str, Any]]:
    return {row["field"]: row for row in ran.json["rows"]}


def test_the_answer_is_as_promised(trialkin: Shell, held: tuple[str, str]) -> None:
    ran = trialkin("compare", *SELENA, "--json", *held)
    assert (ran.code, ran.err) == (0, "")
    assert ran.json.keys() == {"trials", "rows", "data_timestamp"}
    assert [trial["nct_id"] for trial in ran.json["trials"]] == list(SELENA)
    assert ran.json["trials"][0]["title"] == "Safety of Estrogens in Lupus: Hormone Replacement Therapy"
    assert ran.json["data_timestamp"] is None  # from a file
    shown = [trialkin("show", nct_id, "--json", *held).json for nct_id in SELENA]
    for name, row in rows(trialkin("compare", *SELENA, "--json", *held)).items():
        assert row["values"] == [trial[name] for trial in shown]
        assert len(row["values"]) == 2


def test_two_halves_of_a_study(trialkin: Shell, held: tuple[str, str]) -> None:
    found = rows(trialkin("compare", *SELENA, "--json", *held))
    assert found["status"] == {"field": "status", "values": ["TERMINATED", "COMPLETED"], "same": False}
    assert found["enrollment"] == {"field": "enrollment", "values": [350, 350], "same": True}
    assert found["maximum_age"]["values"] == ["85 Years", "39 Years"]
    assert [
        name for name in ("phases", "sex", "collaborators", "conditions", "countries") if not found[name]["same"]
    ] == []
    assert found["eligibility_criteria"]["parts"] == [
        part("inclusion", "Woman with certain lupus", same=True),
        part("inclusion", "Disease quiet, or steady on little prednisone", same=True),
        part("inclusion", "Past the menopause, or no period for half a year", None),
        part("inclusion", None, "Up to 39 years old, or 35 if she smokes"),
        part("exclusion", "High blood pressure three times", same=True),
        part("exclusion", "Clot in a vein, artery or lung", same=True),
        part("exclusion", "Breast or gynaecological cancer", same=True),
        part("exclusion", "Antiphospholipid syndrome", None),
        part("exclusion", "Very active lupus, SLEDAI above 12", None),
        part("exclusion", None, "Pregnant now"),
        part("exclusion", None, "Migraine with neurological signs"),
    ]
    keywords = [one["values"][0] for one in found["keywords"]["parts"] if one["same"]]
    assert keywords == ["SLE", "SELENA", "Placebo"]
    assert sum(one["same"] for one in found["locations"]["parts"]) == 2


def part(section: str, *values: str | None, same: bool = False) -> dict[str, Any]:
    return {"values": [values[0], values[-1]], "same": same, "section": section}


@pytest.mark.parametrize("width", [80, 100, 160, 200])
@pytest.mark.parametrize("ids", [SELENA, FIVE[:3], FIVE])
def test_the_table_fits_the_terminal(
    trialkin: Shell, held: tuple[str, str], monkeypatch: pytest.MonkeyPatch, width: int, ids: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    ran = trialkin("compare", *ids, *held)
    assert ran.code == 0
    assert max(map(len, ran.out.splitlines())) <= width
    for nct_id in ids:
        assert nct_id in ran.out


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_what_differs_is_marked(trialkin: Shell, held: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    lines = [squeezed(line) for line in trialkin("compare", *SELENA, *held).out.splitlines()]
    assert "≠ status TERMINATED COMPLETED" in lines
    assert "= phases PHASE3" in lines
    assert "= enrollment 350" in lines
    assert "≠ locations 5 sites, 2 in both 5 sites, 2 in both" in lines
    assert "≠ eligibility criteria: 5 the same in both, 3 only in A, 3 only in B" in lines
    assert "= Woman with certain lupus" in lines
    assert "• Antiphospholipid syndrome • Pregnant now" in lines
    assert "14 of 35 fields differ." in lines


def test_texts_of_many_trials_stand_behind_their_letters(
    trialkin: Shell, held: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = [squeezed(line) for line in trialkin("compare", *FIVE, *held).out.splitlines()]
    begin = lines.index("≠ arms: 1 alike, 2 only in A, 1 only in B, 1 only in C")
    assert lines[begin + 1 : begin + 3] == ["≈ BC Placebo (PLACEBO_COMPARATOR)", "A Baricitinib 4mg"]
    assert "≈ B Rodnan score from 10 to 45" in lines
    assert "│ C Rodnan score 15 to 45" in lines


def test_an_alias_stands_for_its_trial(trialkin: Shell, held: tuple[str, str]) -> None:
    first, second = trialkin("compare", "nct182910 ", SEED, "--json", *held).json["trials"]
    assert (first["nct_id"], first["asked"]) == ("NCT00000620", "NCT00182910")
    assert "asked" not in second
    assert "asked for as NCT00182910" in squeezed(trialkin("compare", "NCT00182910", SEED, *held).out)


def test_a_gone_trial_is_compared_and_said_to_be_gone(trialkin: Shell, tmp_path: Path) -> None:
    at = of_records(tmp_path, study("NCT00000001"), study("NCT00000002"))
    with Store.writing(Cache(tmp_path / "cache")) as store, store.transaction():
        store.db.execute("UPDATE trial SET gone = '2026-08-19' WHERE nct_id = 'NCT00000002'")
    answer = trialkin("compare", "NCT00000001", "NCT00000002", "--json", *at).json
    assert [trial.get("gone") for trial in answer["trials"]] == [None, "2026-08-19"]
    assert "gone from the registry since 2026-08-19" in squeezed(trialkin("compare", "NCT1", "NCT2", *at).out)


@pytest.mark.parametrize(
    ("ids", "code", "told"),
    [
        ((), 2, "ID"),
        ((SEED,), 2, "1 id was given; name two to five"),
        ((*FIVE, "NCT00000419"), 2, "6 ids were given; name two to five"),
        ((SEED, "nct5300932"), 2, f"{SEED} is named twice"),
        (("NCT00000620", "NCT00182910"), 2, "NCT00000620 is named twice"),
        ((SEED, "hello"), 2, "'hello' is no NCT id"),
        ((SEED, "NCT09999999"), 1, "`trialkin crawl NCT09999999` fetches it"),
    ],
)
def test_wrong_ids_are_one_sentence(
    trialkin: Shell, held: tuple[str, str], ids: tuple[str, ...], code: int, told: str
) -> None:
    ran = trialkin("compare", *ids, *held)
    assert (ran.code, ran.stdout) == (code, b"")
    assert told in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_record_that_breaks_the_rules_is_told_of(trialkin: Shell, tmp_path: Path) -> None:
    at = of_records(tmp_path, study("NCT00000001"), study("NCT00000002", designModule={"phases": "PHASE3"}))
    ran = trialkin("compare", "NCT1", "NCT2", *at)
    assert ran.code == 1
    assert "trialkin show NCT00000002 --raw" in ran.err


def test_the_terminal_gets_no_control_characters(trialkin: Shell, tmp_path: Path) -> None:
    bad = "\x1b[31mred\x07 \u202eback [bold]x[/bold]\x00"
    records = [
        study(
            f"NCT0000000{number}",
            identificationModule={"briefTitle": bad, "acronym": f"{bad}{number}"},
            conditionsModule={"conditions": [bad, f"{bad}{number}"]},
            eligibilityModule={
                "eligibilityCriteria": f"* {bad} one two three\n* {bad} {number} one two three\n* {number}"
            },
            armsInterventionsModule={"armGroups": [{"label": bad, "description": f"{bad}{number}"}]},
        )
        for number in (1, 2)
    ]
    out = trialkin("compare", "NCT1", "NCT2", *of_records(tmp_path, *records)).out
    assert not {letter for letter in out if letter != "\n" and not letter.isprintable()}
    assert "[bold]x[/bold]" in squeezed(out)
