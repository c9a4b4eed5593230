"""The registry's own API v2, answered from a mirror: programs written for ClinicalTrials.gov run against it.

Studies leave byte for byte as they came. Refusals are plain text, as the registry's are.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from crawler.config import program_version
from crawler.errors import StoreError, TrialkinError, TrialUnknown, UsageError
from crawler.ids import is_nct_id, nct_id
from crawler.record import RawRecord
from crawler.versions import State, raw_of, states
from index.query.tree import All, Ids, Node
from index.search import SearchRequest
from serve.mirror import Mirror
from serve.projection import NameUnknown, paths, project
from serve.registry_query import Refused, StudiesRequest, page_token, read_request

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

API_VERSION = "2.0.5"  # of the registry's API that this one follows
_JSON = "application/json"
_STATUS = ("protocolSection", "statusModule")


class RegistryApi:
    """Endpoints over one mirror."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    def routes(self) -> list[Route]:
        """Routes below `/api/v2`."""
        return [
            Route("/version", _answering(self.version)),
            Route("/studies", _answering(self.studies)),
            Route("/studies/{nct_id}", _answering(self.study)),
        ]

    def internal_routes(self) -> list[Route]:
        """Routes below `/api/int`: the history, which the registry's own site asks for."""
        return [
            Route("/studies/{nct_id}/history", _answering(self.history)),
            Route("/studies/{nct_id}/history/{version:int}", _answering(self.past)),
        ]

    def _data_version(self) -> tuple[str, str]:
        """The registry's timestamp of the data (when it was indexed, for data from files), and the generation."""
        manifest = self._mirror.index.manifest
        told = manifest.data_timestamp or manifest.built_at.rstrip("Z")
        return told, f"{told} {manifest.generation}"

    async def version(self, _request: Request) -> Response:
        """Tell the API's version and the data's timestamp."""
        told = {"apiVersion": API_VERSION, "dataTimestamp": self._data_version()[0]}
        return Response(msgspec.json.encode(told), media_type=_JSON, headers=_served())

    async def study(self, request: Request) -> Response:
        """One study; 301 for an alias, plain text 400 and 404, an ETag."""
        asked = request.path_params["nct_id"]
        held = self._held(asked)
        if held != nct_id(asked):
            return RedirectResponse(request.url.replace(path=request.url.path.replace(asked, held)), 301)
        names = request.query_params.get("fields", "").replace("|", ",")
        wanted = paths(names.split(",")) if names else []
        store = self._mirror.store
        headers = {"ETag": f'"{store.digest(held).hex()[:32]}"', **_served()}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(_body(store.raw(held), wanted), media_type=_JSON, headers=headers)

    async def history(self, request: Request) -> Response:
        """List the versions of a study that are here, the oldest first, by the days on which they were submitted."""
        found = self._states(request)
        raws = [raw_of(self._mirror.store, state.version) for state in found]
        changes = [
            {
                "version": state.place - 1,
                "date": raw.text_at(*_STATUS, "lastUpdateSubmitDate") or state.since,
                "status": raw.text_at(*_STATUS, "overallStatus"),
            }
            for state, raw in zip(found, raws, strict=True)
        ]
        return Response(msgspec.json.encode({"changes": changes}), media_type=_JSON, headers=_served())

    async def past(self, request: Request) -> Response:
        """One version of a study."""
        number = request.path_params["version"]
        found = [state for state in self._states(request) if state.place - 1 == number]
        if not found:
            raise Refused(404, f"Version {number} not found")
        told = b'{"studyVersion":%d,"study":' % number + raw_of(self._mirror.store, found[0].version).body + b"}"
        return Response(told, media_type=_JSON, headers=_served())

    def _states(self, request: Request) -> list[State]:
        return states(self._mirror.store, self._held(request.path_params["nct_id"]))

    def _held(self, asked: str) -> str:
        """Id that a study is held under; Refused as the registry refuses."""
        if not is_nct_id(asked):
            raise Refused(400, f"NCT number {asked} is incorrect")
        store = self._mirror.store
        try:
            held = store.resolve(nct_id(asked))
        except TrialUnknown:
            raise Refused(404, f"NCT number {nct_id(asked)} not found") from None
        if store.fate(held)[0] is not None:
            raise Refused(404, f"NCT number {held} not found")
        return held

    async def studies(self, request: Request) -> Response:
        """A page of a query."""
        return self._page(read_request(request.query_params, self._data_version()[1]))

    def _page(self, asked: StudiesRequest) -> Response:
        wanted = paths(asked.fields)
        sort, ascending = asked.sort[0] if asked.sort else ("relevance", False)
        node = self._own_ids(asked.node)
        request = SearchRequest(
            node=node, sort=sort, ascending=ascending, then=tuple(asked.sort[1:]), limit=asked.page_size,
            offset=asked.offset,
        )  # fmt: skip
        index, store = self._mirror.index, self._mirror.store
        total, ids = index.matching(request)
        versions = [(ident, index.columns.digest(ident)) for ident in ids]  # what was matched, if the store is newer
        bodies = [_body(store.raw_as(ident, digest), wanted) for ident, digest in versions]
        parts = []
        if asked.count_total:
            parts.append(b'"totalCount":%d' % total)
        parts.append(b'"studies":[' + b",".join(bodies) + b"]")
        if len(ids) == asked.page_size:
            token = page_token(self._data_version()[1], asked.offset + len(ids), asked.digest)
            parts.append(b'"nextPageToken":"' + token.encode() + b'"')
        return Response(b"{" + b",".join(parts) + b"}", media_type=_JSON, headers=_served())

    def _own_ids(self, node: Node) -> Node:
        """An alias in a list of ids stands for its trial."""
        if isinstance(node, All):
            return All(tuple(map(self._own_ids, node.parts)))
        if not isinstance(node, Ids):
            return node
        found = set()
        for ident in node.nct_ids:
            try:
                found.add(self._mirror.store.resolve(ident))
            except StoreError:
                continue
        return Ids(frozenset(found))


def _answering(endpoint: Endpoint) -> Endpoint:
    """Tell of what can't be answered in plain text, as the registry does."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as refused:
            return PlainTextResponse(refused.text, refused.status)
        except NameUnknown:
            # The registry answers so, and clients must be tested against what it does.
            return PlainTextResponse("Internal server error", 500)
        except UsageError as error:
            return PlainTextResponse(str(error), 400)
        except TrialkinError as error:
            return PlainTextResponse(str(error), 503)

    return answer


def _body(raw: RawRecord, wanted: list[tuple[str, ...]]) -> bytes:
    return msgspec.json.encode(project(raw.data, wanted)) if wanted else raw.body


def _served() -> dict[str, str]:
    return {"X-Served-By": f"trialkin/{program_version()} (a mirror, not the registry)"}
