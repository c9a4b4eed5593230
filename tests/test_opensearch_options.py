"""--opensearch: what can't be is refused before anything is fetched or read."""

import importlib
import sys
from pathlib import Path

import pytest

from index.errors import ClientMissing
from tests.conftest import SAMPLE
from tests.running import Shell

MISSING = "trialkin: the engine opensearch needs opensearch-py. Install it with `pip install 'trialkin[opensearch]'`."


@pytest.mark.parametrize(
    "command", [("load", str(SAMPLE)), ("crawl", "NCT05300932", "--registry", "sample"), ("index",)]
)
def test_what_is_no_address_is_wrong_usage(trialkin: Shell, tmp_path: Path, command: tuple[str, ...]) -> None:
    ran = trialkin(*command, "--opensearch", "localhost:9200", "--cache", str(tmp_path))
    assert (ran.code, ran.out) == (2, "")
    assert "'localhost:9200' is no cluster's address; write http://host:9200" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_missing_library_is_told_before_the_work(
    trialkin: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve.commands.options.find_spec", lambda _: None)
    monkeypatch.setenv("TRIALKIN_OPENSEARCH", "http://127.0.0.1:1")
    ran = trialkin("load", str(SAMPLE), "--cache", str(tmp_path))
    assert (ran.code, ran.err.strip()) == (1, MISSING)
    assert list(tmp_path.iterdir()) == []


def test_the_engine_itself_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from index.engines.opensearch import cluster  # noqa: PLC0415 - it is imported anew below

    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "opensearchpy", None)
        patched.delitem(sys.modules, cluster.__name__)
        with pytest.raises(ClientMissing):
            importlib.import_module(cluster.__name__)


def test_a_cluster_that_nobody_names_is_asked_for(
    trialkin: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRIALKIN_OPENSEARCH", raising=False)
    ran = trialkin("load", str(SAMPLE), "--engine", "opensearch", "--cache", str(tmp_path))
    assert ran.code == 1
    assert ran.err.strip().endswith("Name it with --opensearch URL or TRIALKIN_OPENSEARCH.")
