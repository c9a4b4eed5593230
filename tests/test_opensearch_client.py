"""How a cluster is spoken to: what is asked again, what is refused, and in which words; its nodes are stood in for."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from index.engines.opensearch.addresses import addresses_of, without_password
from index.engines.opensearch.cluster import Cluster
from index.errors import (
    AddressMalformed,
    ClusterForeign,
    ClusterIncomplete,
    ClusterRefused,
    ClusterUnreachable,
)

WHOLE = {"timed_out": False, "_shards": {"failed": 0}, "hits": {"total": {"value": 3}}}


def error(kind: str, reason: str = "so it is") -> dict[str, Any]:
    return {"error": {"type": kind, "reason": reason}}


@dataclass
class Node:
    """Gives the answers it is told to, the last one again and again; notes what it was asked."""

    answers: list[tuple[int, object]] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str, body: str) -> tuple[int, bytes]:
        self.asked.append((method, path, body))
        status, told = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return status, told if isinstance(told, bytes) else json.dumps(told).encode()


class Server(ThreadingHTTPServer):
    """A client that has gone is no error."""

    def handle_error(self, *_: object) -> None:
        pass


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """One node, and a client in a hurry."""
    for name in ("PATIENCE_SECONDS", "WRITE_PATIENCE_SECONDS", "_PAUSE_SECONDS"):
        monkeypatch.setattr(f"index.engines.opensearch.cluster.{name}", 0.05)
    made = Node()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            status, told = made.answer(self.command, self.path, body)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        made.url = f"http://127.0.0.1:{server.server_port}"
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def cluster(node: Node) -> Iterator[Cluster]:
    made = Cluster([node.url])
    yield made
    made.close()


def test_addresses_are_read_as_people_write_them() -> None:
    assert addresses_of(" http://one:9200/, https://two:9200/path ") == ("http://one:9200", "https://two:9200/path")
    assert addresses_of("https://me:secret@one") == ("https://me:secret@one",)
    assert without_password("https://me:secret@one:9200/path") == "https://one:9200/path"


@pytest.mark.parametrize(
    "text", ["", ",", "localhost:9200", "one", "ftp://one:21", "http://", "http://one:x", "http://[1"]
)
def test_what_is_no_address_is_refused_with_the_form_of_one(text: str) -> None:
    with pytest.raises(AddressMalformed, match="write http://host:9200"):
        addresses_of(text)


def test_an_answer_is_the_json(cluster: Cluster, node: Node) -> None:
    node.answers = [(200, {"one": 1})]
    assert cluster.ask("PUT", "/index/_settings", {"index": {"é": 1}}, timeout="7s") == {"one": 1}
    assert node.asked == [("PUT", "/index/_settings?timeout=7s", '{"index":{"é":1}}')]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again(cluster: Cluster, node: Node, status: int) -> None:
    node.answers = [(status, error("busy_exception")), (200, WHOLE)]
    assert cluster.search("index", {}) == WHOLE
    assert len(node.asked) == 2


def test_what_does_not_pass_is_told(cluster: Cluster, node: Node) -> None:
    node.answers = [(503, error("cluster_manager_not_discovered_exception", "no manager"))]
    with pytest.raises(ClusterUnreachable, match=rf"no OpenSearch answers at {node.url} \(503 no manager\)"):
        cluster.search("index", {})
    assert len(node.asked) > 1


@pytest.mark.parametrize(
    "answer",
    [
        (200, {**WHOLE, "_shards": {"failed": 1}}),
        (200, {**WHOLE, "timed_out": True}),
        (503, error("search_phase_execution_exception", "all shards failed")),
        (500, error("search_phase_execution_exception", "Partial shards failure")),
    ],
)
def test_a_part_of_an_answer_is_none(cluster: Cluster, node: Node, answer: tuple[int, object]) -> None:
    node.answers = [answer]
    with pytest.raises(ClusterIncomplete, match="a part of the index mine does not answer"):
        cluster.search("mine", {})
    node.answers = [answer, (200, WHOLE)]
    assert cluster.search("mine", {}) == WHOLE
    assert "allow_partial_search_results=false" in node.asked[-1][1]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((404, error("index_not_found_exception")), ClusterForeign, "the cluster's index mine is not there"),
        ((400, error("parsing_exception", "no such query")), ClusterRefused, "refused: 400 no such query"),
        ((401, {}), ClusterRefused, "refused: 401 without a reason"),
        ((403, {"error": "no right"}), ClusterRefused, "refused: 403 no right"),
        ((200, b"<html>"), ClusterRefused, "what answers there is no OpenSearch"),
    ],
)
def test_a_no_is_told_at_once(
    cluster: Cluster, node: Node, answer: tuple[int, object], kind: type[Exception], words: str
) -> None:
    node.answers = [answer]
    with pytest.raises(kind, match=words):
        cluster.search("mine", {})
    assert len(node.asked) == 1


LINES = (b'{"index":{"_id":"a"}}', b"{}", b'{"index":{"_id":"b"}}', b"{}")


def test_a_write_is_whole_or_sent_again_whole(cluster: Cluster, node: Node) -> None:
    refused = {"index": {"status": 503, **error("unavailable_shards_exception")}}
    node.answers = [
        (200, {"errors": True, "items": [{"index": {"status": 201}}, refused]}),
        (200, {"errors": False}),
    ]
    cluster.write("mine-writes", LINES)
    sent = '{"index":{"_id":"a"}}\n{}\n{"index":{"_id":"b"}}\n{}\n'
    assert [body for _, _, body in node.asked] == [sent, sent]
    assert all("require_alias=true" in path for _, path, _ in node.asked)


def test_a_document_that_is_refused_ends_the_write(cluster: Cluster, node: Node) -> None:
    told = {"index": {"status": 400, **error("mapper_parsing_exception", "too long a term")}}
    node.answers = [(200, {"errors": True, "items": [told]})]
    with pytest.raises(ClusterRefused, match="400 too long a term"):
        cluster.write("mine-writes", LINES)
    assert len(node.asked) == 1


def test_the_next_address_is_asked_where_one_does_not_answer(node: Node) -> None:
    node.answers = [(200, WHOLE)]
    cluster = Cluster(["http://127.0.0.1:1", "http://127.0.0.1:2", node.url])
    try:
        assert all(cluster.search("mine", {}) == WHOLE for _ in range(5))
    finally:
        cluster.close()


@pytest.mark.usefixtures("node")
def test_where_nothing_answers_a_sentence_does_and_keeps_the_password() -> None:
    cluster = Cluster(["http://me:secret@127.0.0.1:1"])
    with pytest.raises(ClusterUnreachable) as caught:
        cluster.search("mine", {})
    cluster.close()
    assert str(caught.value).startswith("no OpenSearch answers at http://127.0.0.1:1 ([Errno 111] Connection refused).")


def test_a_node_that_hangs_costs_one_attempt(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.engines.opensearch.cluster.ATTEMPT_SECONDS", 0.1)
    node.answers = [(200, WHOLE)]
    with socket.create_server(("127.0.0.1", 0)) as mute:
        cluster = Cluster([f"http://127.0.0.1:{mute.getsockname()[1]}", node.url])
        assert all(cluster.search("mine", {}) == WHOLE for _ in range(5))
        cluster.close()


def test_a_node_that_says_nothing_is_not_waited_for(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.engines.opensearch.cluster.ATTEMPT_SECONDS", 0.1)
    said_nothing = threading.Event()
    monkeypatch.setattr(node, "answer", lambda *_: (said_nothing.wait(2), (200, b"{}"))[1])
    cluster = Cluster([node.url])
    with pytest.raises(ClusterUnreachable, match=r"no answer in 0\.1 seconds"):
        cluster.search("mine", {})
    said_nothing.set()
    cluster.close()
