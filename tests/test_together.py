"""Eight processes that read while one writes: no error, and no answer of two states at once."""

import json
import subprocess
import sys
from pathlib import Path

from crawler.config import Cache
from serve.state import soundness
from tests.conftest import ROOT
from tests.together import bring

READERS, TURNS = 8, 5


def test_readers_see_one_state_at_a_time_while_updates_go_on(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    bring(cache, 0)
    command = [sys.executable, "-m", "tests.together"]
    work = [["write", str(tmp_path), str(TURNS)], *[["read", str(tmp_path)]] * READERS]
    running = [
        subprocess.Popen([*command, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for words in work
    ]
    told = [process.communicate() for process in running]
    assert [err for _, err in told] == [""] * (1 + READERS)
    assert [process.returncode for process in running] == [0] * (1 + READERS)
    answers = [json.loads(out) for out, _ in told[1:]]
    assert [answer["odd"] for answer in answers] == [[]] * READERS
    assert {word for answer in answers for word in answer["seen"]} == {"red", "blue"}
    assert soundness(cache).sound
