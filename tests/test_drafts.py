"""`similar --text`: a draft ranks as the trial itself would, and what is no text is refused in a sentence."""

import json
from pathlib import Path

import numpy as np
import pytest

from crawler.config import Cache
from index.search import Index
from serve.drafts import MOST_BYTES, TextUnreadable, read
from tests.conftest import SAMPLE
from tests.naive import DOCUMENTS
from tests.records import body, study
from tests.running import Shell

SEED = "NCT05300932"


def at(cache: Cache) -> tuple[str, str]:
    return "--cache", str(cache.folder)


def written(cache: Cache) -> dict[Path, int]:
    """When each file was written, without what SQLite's readers share."""
    files = (path for path in cache.folder.rglob("*") if path.is_file() and path.suffix != ".db-shm")
    return {path: path.stat().st_mtime_ns for path in files}


def seed_record() -> dict[str, dict[str, dict[str, str]]]:
    lines = SAMPLE.read_bytes().splitlines()
    record: dict[str, dict[str, dict[str, str]]] = json.loads(next(line for line in lines if SEED.encode() in line))
    return record


@pytest.mark.parametrize("document", DOCUMENTS[:10], ids=lambda each: each.nct_id)
def test_the_vector_of_a_draft_is_the_one_a_build_makes(sample_index: Index, document: object) -> None:
    (each,) = (one for one in DOCUMENTS if one is document)
    row = sample_index.columns.row(each.nct_id)
    assert row is not None
    held, made = sample_index.matrix.row(row), sample_index.likeness.draft(each, None).vector
    assert np.array_equal(held.columns, made.columns)
    assert np.array_equal(held.weights, made.weights)


def test_a_record_s_own_trial_is_left_out(trialkin: Shell, sample_cache: Cache, tmp_path: Path) -> None:
    path = tmp_path / "seed.json"
    path.write_text(json.dumps(seed_record()), encoding="utf-8")
    told = trialkin("similar", "--text", str(path), "--json", *at(sample_cache))
    assert told.err == f"trialkin: {path} was read as a registry record.\n"
    assert told.json["hits"] == trialkin("similar", SEED, "--json", *at(sample_cache)).json["hits"]
    assert (told.json["text"], told.json["understood"]) == (str(path), {"form": "record", "headings": []})


def test_a_draft_without_an_id_finds_the_trial_that_it_became(
    trialkin: Shell, sample_cache: Cache, tmp_path: Path
) -> None:
    record = seed_record()
    del record["protocolSection"]["identificationModule"]["nctId"]
    path = tmp_path / "draft.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    answer = trialkin("similar", "--text", str(path), "--why", "--json", *at(sample_cache)).json
    assert answer["hits"][0]["nct_id"] == SEED
    for hit in answer["hits"]:
        assert sum(hit["why"]["fields"].values()) == pytest.approx(hit["score"])


def test_a_text_is_read_by_its_headings_and_writes_nothing(trialkin: Shell, sample_cache: Cache) -> None:
    before = written(sample_cache)
    text = "Title: Baricitinib in scleroderma\nCondition: Systemic Sclerosis\nDrug: Baricitinib\n"
    told = trialkin("similar", "--text", "-", "--by", "intervention", "--json", *at(sample_cache), stdin=text)
    assert told.json["hits"][0]["nct_id"] in {SEED, "NCT06936215"}
    assert told.json["text"] == "-"
    assert told.json["understood"] == {
        "form": "headings",
        "headings": [
            {"heading": "Title", "field": "BriefTitle"},
            {"heading": "Condition", "field": "Condition"},
            {"heading": "Drug", "field": "InterventionName"},
        ],
    }
    assert told.err == "trialkin: stdin was read by its headings: Title, Condition, Drug.\n"
    assert told.json["note"] == "stdin has 4 words to compare by: few trials share any, and scores are low."
    assert written(sample_cache) == before


def test_words_that_no_trial_has_count_for_nothing(trialkin: Shell, sample_cache: Cache) -> None:
    told = trialkin("similar", "--text", "-", *at(sample_cache), stdin="Qwertzu asdfghjk")
    assert told.code == 0
    assert "stdin has no word to compare by" in " ".join(told.out.split())
    assert "Nothing here is like it" in told.out
    alone, beside = (
        trialkin("similar", "--text", "-", "--json", *at(sample_cache), stdin=text).json["hits"]
        for text in ("Lupus nephritis", "Lupus nephritis qwertzu asdfghjk")
    )
    assert alone == beside


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b" \n\t", "it is empty"),
        (b"\x7fELF\x02\x01\x00", "it is no text but a binary file"),
        (b"%PDF-1.7 text", "it is no text but a binary file"),
        (b"{'a': 1}", "it begins as JSON and is none"),
        (b"[1, 2]", "it is JSON and no registry record"),
        (b'{"a": 1}', "it is JSON and no registry record"),
        (body(study(designModule={"phases": "PHASE3"})), "it breaks the registry's rules"),
        (b"x" * (MOST_BYTES + 1), "it is too large"),
    ],
    ids=range(9),
)
def test_what_is_no_text_is_refused_in_a_sentence(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "draft"
    path.write_bytes(content)
    with pytest.raises(TextUnreadable) as refused:
        read(str(path))
    assert refused.value.exit_code == 2
    assert str(refused.value).startswith(f"{path}: {reason}")
    assert "\n" not in str(refused.value)


def test_a_folder_and_a_missing_file_are_refused_too(tmp_path: Path) -> None:
    with pytest.raises(TextUnreadable, match="it is a folder"):
        read(str(tmp_path))
    with pytest.raises(TextUnreadable, match="No such file"):
        read(str(tmp_path / "none"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_texts_are_read_in_the_encodings_that_people_have(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "draft.txt"
    path.write_bytes("Étude de la goutte".encode(encoding))
    assert read(str(path)).document.card.title == "Étude de la goutte"


def test_an_id_and_a_text_at_once_or_neither_is_wrong_usage(trialkin: Shell, sample_cache: Cache) -> None:
    for words in ((SEED, "--text", "-"), ()):
        told = trialkin("similar", *words, *at(sample_cache))
        assert told.code == 2
        assert "Give an ID, several, or --text FILE" in told.err
