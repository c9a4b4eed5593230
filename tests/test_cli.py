"""The command line as people and programs meet it; the sample's values are read from its records."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from crawler.config import Cache
from crawler.store import Store
from tests.conftest import SAMPLE
from tests.indexes import brought_up, keep
from tests.records import body, raw, study
from tests.running import Shell

SEED = "NCT05300932"
WITHDRAWN = {"NCT04412252", "NCT05440721"}
WOMEN_ONLY = {"NCT00000419", "NCT00000420", "NCT00001426", "NCT00006133", "NCT00089661"}


def at(cache: Cache) -> tuple[str, str]:
    return "--cache", str(cache.folder)


# -- search ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        (("--phase", "4"), {SEED}),
        (("--phase", "phase 4"), {SEED}),
        (("--status", "withdrawn"), WITHDRAWN),
        (("--status", "WITHDRAWN", "--status", "available"), {*WITHDRAWN, "NCT04323761"}),
        (("--sex", "female"), WOMEN_ONLY),
        (("--sex", "FEMALE", "--phase", "3"), {"NCT00000419", "NCT00000420", "NCT00089661"}),
        (("--enrollment", "10000.."), {"NCT00000432", "NCT00000620", "NCT04353609"}),
        (("--enrollment", "0..0"), WITHDRAWN),
        (("--updated", "2026..2026-01"), {SEED}),
        (("--start", "..1979"), {"NCT00000596"}),
        (("--start-year", "1978"), {"NCT00000596"}),
        (("--country", "korea, republic of", "--phase", "3", "--updated", "2023.."), {"NCT05843643"}),
        (("--country", "South Korea", "--phase", "3", "--updated", "2023.."), {"NCT05843643"}),
        (("--cond", '"Episodic Cluster Headache"'), {"NCT02397473", "NCT02797951"}),
        (("--type", "expanded access"), {"NCT04323761"}),
    ],
)
def test_filters_find_what_the_records_say(
    trialkin: Shell, sample_cache: Cache, flags: tuple[str, ...], found: set[str]
) -> None:
    ran = trialkin("search", *flags, "--limit", "60", "--json", *at(sample_cache))
    assert ran.code == 0
    assert {hit["nct_id"] for hit in ran.json["hits"]} == found
    assert ran.json["total"] == len(found)


def test_search_without_a_query_gives_everything_newest_update_first(trialkin: Shell, sample_cache: Cache) -> None:
    answer = trialkin("search", "--json", "--limit", "3", *at(sample_cache)).json
    assert answer["query"] is None
    assert [hit["nct_id"] for hit in answer["hits"]] == [SEED, "NCT06936215", "NCT06583395"]
    assert answer["total"] == 51


def test_the_answer_has_every_key_that_is_promised(trialkin: Shell, sample_cache: Cache) -> None:
    answer = trialkin("search", "baricitinib", "--facets", "--json", *at(sample_cache)).json
    assert {"query", "total", "hits", "facets", "also", "data_timestamp"} <= answer.keys()
    assert {"nct_id", "title", "status", "phases", "conditions", "score", "highlights"} <= answer["hits"][0].keys()
    assert list(answer["facets"]) == [
        "status", "phase", "type", "country", "condition_mesh", "intervention_type", "sponsor_class", "sponsor",
        "start_year", "age_group", "results",
    ]  # fmt: skip


def test_counts_alone(trialkin: Shell, sample_cache: Cache) -> None:
    answer = trialkin("search", "--limit", "0", "--facets", "--json", *at(sample_cache)).json
    assert answer["hits"] == []
    statuses = {count["value"]: count["count"] for count in answer["facets"]["status"]}
    assert (statuses["WITHDRAWN"], statuses["AVAILABLE"], statuses["UNKNOWN"], statuses["SUSPENDED"]) == (2, 1, 1, 0)


def test_a_snippet_ends_in_an_ellipsis(trialkin: Shell, cache: Cache) -> None:
    keep(cache, raw("NCT00000001", descriptionModule={"briefSummary": f"Lupus {'word ' * 60}"}))
    brought_up(cache)
    assert trialkin("search", "lupus", *at(cache)).out.split("\n")[-2] == f"     Lupus {'word ' * 60}"[:245] + "…"


def test_bars_say_what_they_leave_out_and_yes_or_no(trialkin: Shell, sample_cache: Cache) -> None:
    lines = trialkin("search", "--limit", "0", "--facets", *at(sample_cache)).out.split("\n")
    assert "country  the 20 most frequent" in lines
    assert "status" in lines
    assert [line.split()[-1] for line in lines[lines.index("results") + 1 :] if line] == ["no", "yes"]


def test_a_batch_answers_each_line_and_fails_at_the_end(trialkin: Shell, sample_cache: Cache) -> None:
    ran = trialkin("search", "-", "--limit", "1", *at(sample_cache), stdin="baricitinib\n  (broken \nlupus\n")
    assert ran.code == 1
    first, broken, last = ran.lines
    assert first["query"] == "baricitinib"
    assert broken["query"] == "  (broken "
    assert "closing bracket" in broken["error"]
    assert last["total"] > 0


def test_ids_feed_show_and_similar(trialkin: Shell, sample_cache: Cache) -> None:
    ids = trialkin("search", "--status", "withdrawn", "--format", "ids", *at(sample_cache)).out
    shown = trialkin("show", "-", *at(sample_cache), stdin=ids).lines
    assert {trial["nct_id"] for trial in shown} == WITHDRAWN
    alike = trialkin("similar", "-", "--limit", "2", *at(sample_cache), stdin=ids).lines
    assert [answer["nct_id"] for answer in alike] == ids.split()


def test_csv_disarms_formulas(trialkin: Shell, cache: Cache, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(body(study(identificationModule={"briefTitle": '=HYPERLINK("http://x"),"a"'})))
    trialkin("load", str(path), *at(cache))
    rows = list(csv.DictReader(trialkin("search", "--format", "csv", *at(cache)).out.splitlines()))
    assert rows[0]["title"] == '\'=HYPERLINK("http://x"),"a"'


def test_the_terminal_gets_no_control_characters(trialkin: Shell, cache: Cache, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    title = "Trial \x1b[31mred\x07 \u202eback [bold]x[/bold]"
    summary = {"briefSummary": "line\x1b]0;owned\x07\nnext"}
    path.write_bytes(body(study(identificationModule={"briefTitle": title}, descriptionModule=summary)))
    trialkin("load", str(path), *at(cache))
    for words in (("search", "trial"), ("show", "NCT00000001"), ("similar", "NCT00000001", "--why"), ("status",)):
        out = trialkin(*words, *at(cache)).out
        assert not {letter for letter in out if letter != "\n" and not letter.isprintable()}
    assert "[bold]x[/bold]" in trialkin("search", "trial", *at(cache)).out


# -- similar, show --------------------------------------------------------------------------------------------------


def test_similar_explains_itself_and_leaves_itself_out(trialkin: Shell, sample_cache: Cache) -> None:
    answer = trialkin("similar", " nct5300932 ", "--why", "--json", *at(sample_cache)).json
    assert answer["nct_id"] == SEED
    assert len(answer["hits"]) == 10
    assert SEED not in {hit["nct_id"] for hit in answer["hits"]}
    for hit in answer["hits"]:
        assert sum(hit["why"]["fields"].values()) == pytest.approx(hit["score"])
    assert [hit["nct_id"] for hit in answer["hits"][:3]] == ["NCT03274076", "NCT04440592", "NCT06936215"]


def test_an_alias_stands_for_its_trial(trialkin: Shell, sample_cache: Cache) -> None:
    assert trialkin("show", "NCT00182910", "--json", *at(sample_cache)).json["nct_id"] == "NCT00000620"
    answer = trialkin("similar", "NCT00182910", "--json", *at(sample_cache)).json
    assert (answer["nct_id"], answer["asked"]) == ("NCT00000620", "NCT00182910")


def test_several_ids_ask_for_what_is_like_all(trialkin: Shell, sample_cache: Cache) -> None:
    answer = trialkin("similar", SEED, "NCT03274076", "--json", *at(sample_cache)).json
    assert answer["nct_ids"] == [SEED, "NCT03274076"]
    assert not {SEED, "NCT03274076"} & {hit["nct_id"] for hit in answer["hits"]}


def test_raw_is_the_stored_bytes_and_nothing_more(trialkin: Shell, sample_cache: Cache) -> None:
    line = next(line for line in SAMPLE.read_bytes().splitlines() if b'"nctId":"NCT05300932"' in line)
    assert trialkin("show", SEED, "--raw", *at(sample_cache)).stdout == line
    two = trialkin("show", SEED, "NCT00000620", "--raw", *at(sample_cache)).stdout
    modules = [json.loads(record)["protocolSection"]["identificationModule"] for record in two.splitlines()]
    assert [module["nctId"] for module in modules] == [SEED, "NCT00000620"]


def test_a_record_that_breaks_the_rules_is_told_of_and_kept(trialkin: Shell, cache: Cache, tmp_path: Path) -> None:
    path = tmp_path / "two.jsonl"
    bad = body(study("NCT00000002", designModule={"phases": "PHASE3"}))
    path.write_bytes(body(study()) + b"\n" + bad + b"\n")
    assert trialkin("load", str(path), "--json", *at(cache)).json["loaded"] == 2
    problems = trialkin("status", "--json", *at(cache)).json["problems"]
    assert "phases" in problems["NCT00000002"]
    assert trialkin("show", "NCT00000002", "--raw", *at(cache)).stdout == bad
    shown = trialkin("show", "NCT00000002", *at(cache))
    assert shown.code == 1
    assert "--raw" in shown.err
    assert trialkin("search", "--json", *at(cache)).json["total"] == 1
    assert "breaks the registry's rules" in trialkin("similar", "NCT00000002", *at(cache)).err


# -- load, index, status, verify --------------------------------------------------------------------------------------


def test_lines_that_are_no_utf_8_end_no_batch(trialkin: Shell, sample_cache: Cache) -> None:
    lines = trialkin("search", "-", *at(sample_cache), stdin="\ufefflupus\r\ngo\udcffut\nlupus\n").lines
    assert [line["query"] for line in lines] == ["lupus", "go\ufffdut", "lupus"]
    assert lines[0] == lines[2]
    ran = trialkin("similar", "-", *at(sample_cache), stdin=f"\udcff\n{SEED}\n")
    assert (ran.code, [line.get("nct_id") for line in ran.lines]) == (1, ["\ufffd", SEED])


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (None, "it can't be read (No such file or directory)"),
        (b"\xff\x00", "it is no text"),
        (b"NCT00000001 # x", "'#' in it is no NCT id"),
    ],
)
def test_a_file_that_is_no_list_of_ids_is_wrong_usage(
    trialkin: Shell, sample_cache: Cache, tmp_path: Path, body: bytes | None, told: str
) -> None:
    path = tmp_path / "ids"
    if body is not None:
        path.write_bytes(body)
    ran = trialkin("search", "--ids", str(path), *at(sample_cache))
    assert (ran.code, ran.stdout) == (2, b"")
    assert told in ran.err
    assert "Give a text file of NCT ids" in ran.err


def test_load_counts_and_says_what_failed(trialkin: Shell, cache: Cache, tmp_path: Path) -> None:
    good, cut = tmp_path / "good.json", tmp_path / "cut.gz"
    good.write_bytes(body(study()))
    cut.write_bytes(gzip.compress(b"{}" * 5000)[:40])
    ran = trialkin("load", str(good), str(cut), str(tmp_path / "none.json"), "--json", *at(cache))
    assert ran.code == 1
    assert (ran.json["loaded"], ran.json["unchanged"], ran.json["older"]) == (1, 0, 0)
    assert {failed["source"] for failed in ran.json["failed"]} == {str(cut), str(tmp_path / "none.json")}
    again = trialkin("load", str(good), "--json", *at(cache))
    assert (again.code, again.json["loaded"], again.json["unchanged"]) == (0, 0, 1)


def test_load_reads_standard_input(trialkin: Shell, cache: Cache) -> None:
    ran = trialkin("load", "-", "--json", *at(cache), stdin=body(study()).decode())
    assert (ran.code, ran.json["loaded"]) == (0, 1)


def test_index_says_engine_documents_and_seconds(trialkin: Shell, cache: Cache, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(body(study()))
    trialkin("load", str(path), "--no-index", *at(cache))
    missing = trialkin("search", "trial", *at(cache))
    assert missing.code == 1
    assert "trialkin index" in missing.err
    told = trialkin("index", "--json", *at(cache)).json
    assert (told["engine"], told["documents"]) == ("whoosh", 1)
    assert told["seconds"] >= 0
    path.write_bytes(body(study("NCT00000002")))
    trialkin("load", str(path), "--no-index", *at(cache))
    assert "behind" in trialkin("search", "trial", *at(cache)).err


def test_status_of_the_sample(trialkin: Shell, sample_cache: Cache) -> None:
    state = trialkin("status", "--json", *at(sample_cache)).json
    assert (state["trials"], state["gone"], state["versions"], state["indexed"]) == (51, 0, 51, 51)
    assert (state["engine"], state["registry"], state["data_timestamp"]) == ("whoosh", None, None)
    assert state["unknown_fields"] == {}


@pytest.mark.parametrize(
    ("registry", "told"),
    [(None, "files, no registry date"), ("https://a.test/api/v2", "no date yet: no run from the registry has ended")],
)
def test_status_says_why_there_is_no_date(trialkin: Shell, cache: Cache, registry: str | None, told: str) -> None:
    with Store.writing(cache) as store:
        if registry is not None:
            store.claim_registry(registry, "mirrored")  # as a mirror begins, which says the date when it ended
        with store.transaction():
            store.keep(raw("NCT00000001"), None if registry is None else "2026-08-19T09:00:06")
    ran = trialkin("status", *at(cache))
    assert [line.split(maxsplit=2)[2] for line in ran.out.splitlines() if "data of" in line] == [told]
    assert trialkin("status", "--json", *at(cache)).json["data_timestamp"] is None


def test_an_empty_cache_is_told_of_with_the_next_step(trialkin: Shell, cache: Cache) -> None:
    assert trialkin("status", "--json", *at(cache)).json["trials"] == 0
    assert trialkin("verify", "--json", *at(cache)).json["sound"] is True
    for words in (("search", "x"), ("similar", SEED), ("show", SEED), ("index",), ("serve",)):
        ran = trialkin(*words, *at(cache))
        assert (ran.code, ran.stdout) == (1, b"")
        assert "trialkin crawl" in ran.err


def test_verify_exits_1_where_a_byte_is_wrong(trialkin: Shell, cache: Cache, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_bytes(body(study()))
    trialkin("load", str(path), *at(cache))
    assert trialkin("verify", *at(cache)).code == 0
    data = bytearray(cache.database.read_bytes())
    data[len(data) // 2] ^= 1
    cache.database.write_bytes(data)
    ran = trialkin("verify", "--json", *at(cache))
    assert ran.code == 1
    assert ran.json["sound"] is False
    cache.database.write_bytes(b"not a database at all, and longer than a header" * 100)
    assert trialkin("verify", "--json", *at(cache)).json["sound"] is False
    ran = trialkin("show", SEED, *at(cache))
    assert ran.code == 1
    assert "verify" in ran.err


# -- words that are wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("search", "(a"), "closing bracket"),
        (("search", "*"), "a word"),
        (("search", "--phase", "9"), "EARLY_PHASE1"),
        (("search", "--status", "recrooting"), "RECRUITING"),
        (("search", "--start", "2022..2020"), "--start"),
        (("search", "--enrollment", "many"), "--enrollment"),
        (("search", "--age", "nan"), "--age"),
        (("search", "--sort", "size"), "relevance"),
        (("search", "--limit", "-1"), "--limit"),
        (("search", "--engine", "lucene", "x"), "there is no engine 'lucene'"),
        (("search", "x", "--format", "ids", "--json"), "--format ids or --json, not both"),
        (("similar", SEED, "--format", "csv", "--json"), "--format csv or --json, not both"),
        (("search", "x", "y"), "y"),
        (("similar", "NCT123x"), "NCT123x"),
        (("similar", "NCT00000000"), "NCT00000000"),
        (("similar",), "ID"),
        (("show", "hello"), "hello"),
        (("crawl",), "NCT id"),
        (("crawl", "12345678"), "12345678"),
        (("crawl", SEED, "--registry", "nowhere"), "nowhere"),
        (("crawl", SEED, "--pace", "-1"), "--pace"),
        (("frobnicate",), "frobnicate"),
        (("search", "--frob"), "--frob"),
    ],
)
def test_wrong_words_are_one_sentence_and_exit_2(
    trialkin: Shell, sample_cache: Cache, words: tuple[str, ...], told: str
) -> None:
    where = () if words == ("frobnicate",) else at(sample_cache)
    ran = trialkin(*words, *where)
    assert (ran.code, ran.stdout) == (2, b"")
    assert told in ran.err
    assert "Traceback" not in ran.err


def test_an_unknown_open_value_finds_nothing_and_names_the_nearest(trialkin: Shell, sample_cache: Cache) -> None:
    ran = trialkin("search", "--country", "Frence", "--json", *at(sample_cache))
    assert (ran.code, ran.json["total"]) == (0, 0)
    assert "France" in ran.err


def test_an_unknown_id_says_how_to_fetch_it(trialkin: Shell, sample_cache: Cache) -> None:
    ran = trialkin("similar", "NCT09999999", *at(sample_cache))
    assert ran.code == 1
    assert "trialkin crawl NCT09999999" in ran.err


def test_version_and_help(trialkin: Shell) -> None:
    assert trialkin("--version").out.startswith("trialkin ")
    assert "similar" in trialkin("--help").out


# -- the whole way ----------------------------------------------------------------------------------------------------


def test_the_demo_goes_the_whole_way(trialkin: Shell) -> None:
    ran = trialkin("demo")
    assert ran.code == 0
    assert "Trials most like NCT05300932" in ran.out
    assert "sound" in ran.out


def test_a_crawl_of_the_sample_answers_as_promised(trialkin: Shell, cache: Cache) -> None:
    ran = trialkin("crawl", SEED, "--registry", "sample", "--pace", "0", "--json", *at(cache))
    assert ran.code == 0
    answer = ran.json
    assert {"run", "data_timestamp", "fetched", "unchanged", "failed", "left", "reached"} <= answer.keys()
    assert answer["data_timestamp"] == "2026-08-19T09:00:06"
    assert answer["reached"][0] == {
        "nct_id": SEED,
        "depth": 0,
        "because": [{"kind": "seed", "from": None, "evidence": f"asked for as {SEED}"}],
    }
    assert answer["fetched"] == len(answer["reached"]) == trialkin("status", "--json", *at(cache)).json["trials"]
    again = trialkin("crawl", SEED, "--registry", "sample", "--pace", "0", "--json", *at(cache)).json
    assert (again["fetched"], again["unchanged"]) == (0, answer["fetched"])
    assert again["reached"] == answer["reached"]
    other = trialkin("crawl", SEED, "--registry", "http://127.0.0.1:9", "--pace", "0", *at(cache))
    assert other.code == 1
    assert "sample" in other.err
    assert "127.0.0.1:9" in other.err
