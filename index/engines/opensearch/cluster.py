"""A cluster by its addresses, and the one place that speaks to it: a failure is a sentence, within bounded time.

What is asked here may be asked again: questions, and writes under ids of our own.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from index.engines.opensearch.addresses import without_password
from index.errors import (
    ClientMissing,
    ClusterError,
    ClusterForeign,
    ClusterIncomplete,
    ClusterRefused,
    ClusterUnreachable,
)

try:
    from opensearchpy import OpenSearch
    from opensearchpy import exceptions as failures
except ImportError:
    raise ClientMissing from None

PAGE = 10_000  # hits of one response, the most that the cluster gives
ATTEMPT_SECONDS = 8.0  # for one answer; a question takes a tenth of a second
PATIENCE_SECONDS = 4.0  # no further attempt after so long: nodes that lose one of them agree anew in one or two
CHANGE_SECONDS = 60.0  # for one change, megabytes of documents among them, on a machine that does other things too
WRITE_PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.25
_RETIRED_SECONDS = 5.0  # an address that failed is left alone for so long while others answer
_CONNECTIONS = 8  # kept open to each address: threads that ask or write at once
_AGAIN = frozenset((409, 429))  # and every 5xx: another attempt may succeed

T = TypeVar("T")


class Cluster:
    """Some nodes of one cluster; where one does not answer, the next is asked."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = len(addresses)
        self.shown = ", ".join(map(without_password, addresses))
        self._client = OpenSearch(
            list(addresses),
            timeout=ATTEMPT_SECONDS,
            max_retries=0,
            retry_on_timeout=True,  # which retires the address; the retry itself is ours
            dead_timeout=_RETIRED_SECONDS,
            pool_maxsize=_CONNECTIONS,
            ssl_show_warn=False,
        )

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        patience: float | None = None,
        **parameters: str | int,
    ) -> Any:  # noqa: ANN401 - JSON
        """Ask for anything but a search, until there is an answer or `patience` is over."""
        return self._repeated(
            lambda: self._once(method, path, body, CHANGE_SECONDS, parameters),
            PATIENCE_SECONDS if patience is None else patience,
        )

    def search(self, index: str, body: object, **parameters: str | int) -> Any:  # noqa: ANN401 - JSON
        """Ask a whole index: ClusterIncomplete rather than a part of an answer."""

        def attempt() -> Any:  # noqa: ANN401 - JSON
            whole = {**parameters, "allow_partial_search_results": "false"}
            answer = self._once("POST", f"/{index}/_search", body, ATTEMPT_SECONDS, whole)
            if answer["timed_out"] or answer["_shards"]["failed"]:
                raise ClusterIncomplete(index, f"{answer['_shards']['failed']} shards failed")
            return answer

        return self._repeated(attempt, PATIENCE_SECONDS)

    def hits(self, index: str, body: Mapping[str, Any], **parameters: str | int) -> Iterator[Any]:
        """Yield all hits of a sorted search, page by page, those after `search_after` where the body has it."""
        asked = {**body, "size": PAGE}
        while True:
            found = self.search(index, asked, **parameters).get("hits", {}).get("hits", [])
            yield from found
            if len(found) < PAGE:
                return
            asked["search_after"] = found[-1]["sort"]

    def write(self, alias: str, lines: Iterable[bytes]) -> None:
        """Send lines of a bulk request to an alias; where one was not acknowledged all are sent again."""
        body = b"\n".join(lines).decode() + "\n"
        parameters = {"require_alias": "true", "timeout": "5s", "filter_path": "errors,items.*.status,items.*.error"}

        def attempt() -> None:
            answer = self._once("POST", f"/{alias}/_bulk", body, CHANGE_SECONDS, parameters)
            for item in answer.get("items", ()) if answer["errors"] else ():
                for told in item.values():
                    if "error" in told:
                        raise self._error(int(told["status"]), told["error"], f"/{alias}/_bulk")

        self._repeated(attempt, WRITE_PATIENCE_SECONDS)

    def _repeated(self, attempt: Callable[[], T], patience: float) -> T:
        """Go on until `patience` is over and every address was asked.

        That a living node could not answer wholly says more than that another one is dead, whichever was asked last.
        """
        end = time.monotonic() + patience
        attempts = 0
        incomplete: ClusterIncomplete | None = None
        while True:
            try:
                return attempt()
            except (ClusterUnreachable, ClusterIncomplete) as error:
                incomplete = error if isinstance(error, ClusterIncomplete) else incomplete
                attempts += 1
                if time.monotonic() > end and attempts >= self._addresses:
                    raise (incomplete or error) from None
            if attempts % self._addresses == 0:
                time.sleep(_PAUSE_SECONDS)

    def _once(self, method: str, path: str, body: object, seconds: float, parameters: Mapping[str, str | int]) -> Any:  # noqa: ANN401 - JSON
        sent = body if body is None or isinstance(body, str) else msgspec.json.encode(body).decode()
        try:
            return self._client.transport.perform_request(
                method, path, params=dict(parameters), body=sent, timeout=seconds
            )
        except failures.ConnectionTimeout:
            raise ClusterUnreachable(self.shown, f"no answer in {seconds:g} seconds") from None
        except failures.ConnectionError as error:
            raise ClusterUnreachable(self.shown, str(error.info).rpartition(": ")[2]) from None
        except failures.TransportError as error:
            told = error.info.get("error") if isinstance(error.info, dict) else None
            raise self._error(int(error.status_code), told, path) from None
        except failures.SerializationError:
            raise ClusterRefused(self.shown, "what answers there is no OpenSearch") from None

    def _error(self, status: int, told: object, path: str) -> ClusterError:
        """Make the error of an answer that says no."""
        error = told if isinstance(told, dict) else {}
        kind, reason = str(error.get("type", "")), f"{status} {error.get('reason') or told or 'without a reason'}"
        index = path.split("/")[1]
        if kind == "index_not_found_exception":
            return ClusterForeign(index, "is not there")
        if kind in {"search_phase_execution_exception", "unavailable_shards_exception"} and status >= 500:  # noqa: PLR2004
            return ClusterIncomplete(index, reason)
        if status in _AGAIN or status >= 500:  # noqa: PLR2004
            return ClusterUnreachable(self.shown, reason)
        return ClusterRefused(self.shown, reason)
