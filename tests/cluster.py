"""The real OpenSearch of the tests marked `cluster`: `make test-cluster` starts it, these drive its nodes."""

import json
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from index.engines import ENGINES

SCRIPT = Path(__file__).with_name("opensearch_cluster.sh")
WAIT_SECONDS = 90

# Every engine, the one that needs a cluster marked so.
ENGINE_PARAMETERS = [
    pytest.param(engine, marks=pytest.mark.cluster) if engine == "opensearch" else engine for engine in ENGINES
]


def run(*words: str) -> str:
    """Have the script do something; what it wrote to stdout."""
    done = subprocess.run([SCRIPT, *words], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def address(engine: str = "opensearch") -> str | None:
    """Where an engine's cluster is, None for one that needs none; the test fails where no cluster was started."""
    if engine != "opensearch":
        return None
    urls = run("urls")
    if not urls:
        pytest.fail("no cluster runs: these tests are run by `make test-cluster`")
    return urls


def node_url(number: int) -> str:
    """Address of one node, from 1."""
    return (address() or "").split(",")[number - 1]


def get(path: str) -> Any:  # noqa: ANN401 - JSON
    """Ask the first node that answers."""
    for url in (address() or "").split(","):
        try:
            with urllib.request.urlopen(url + path, timeout=WAIT_SECONDS + 5) as answer:  # noqa: S310 - loopback
                return json.load(answer)
        except OSError:
            continue
    raise AssertionError(path)


def indices(alias: str) -> list[str]:
    """Indices that one cache has in the cluster."""
    return sorted(get(f"/{alias}-*/_alias"))


def whole() -> None:
    """Return when every node is there and every shard has its copy."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        try:
            health = get("/_cluster/health?wait_for_nodes=3&wait_for_status=green&timeout=10s")
        except AssertionError:
            continue  # 408: not yet
        if not health["timed_out"]:
            return
    raise AssertionError(health)


def mend() -> None:
    """Bring every node back."""
    for number, line in enumerate(run("status").splitlines()[:3], 1):
        if line.endswith("down"):
            run("revive", str(number))
    whole()


def clear() -> None:
    """Remove what tests left, so that nothing has to be recovered that nobody needs."""
    request = urllib.request.Request(f"{node_url(1)}/trialkin-*", method="DELETE")  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=WAIT_SECONDS):  # noqa: S310 - loopback
        pass
