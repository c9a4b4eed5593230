"""JSON over HTTP: the command line's `--json` answers under `/api`, mistakes as {"error": "…"}."""

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crawler.config import Cache
from crawler.errors import TrialkinError
from crawler.events import history
from crawler.ids import nct_id
from serve.mirror import Mirror
from serve.neighbours import Neighbours, NotIndexed
from serve.problem import problem
from serve.question import MOST_HITS, Question
from serve.records import Held, shown

DEFAULT_HITS = 10  # as on the command line


class Api:
    """Endpoints over one mirror."""

    def __init__(self, cache: Cache, mirror: Mirror) -> None:
        self._cache = cache
        self._mirror = mirror

    def application(self) -> Starlette:
        """Make the application below `/api`."""
        return Starlette(
            routes=[
                Route("/search", self.search),
                Route("/similar/{nct_id}", self.similar),
                Route("/trials/{nct_id}", self.trial),
                Route("/trials/{nct_id}/history", self.history),
            ],
            exception_handlers=dict.fromkeys((TrialkinError, HTTPException, OSError, Exception), self.refuse),
        )

    async def refuse(self, _request: Request, error: Exception) -> Response:
        """Tell of an error: the one place."""
        told = problem(error, self._cache)
        return _json({"error": told.sentence}, told.status)

    async def search(self, request: Request) -> Response:
        """Answer `search --json`; `facets=true` counts."""
        asked = Question.of(request.query_params.multi_items())
        limit = asked.number("limit", DEFAULT_HITS, MOST_HITS)
        return _json(self._mirror.index.search(asked.request(limit=limit, facets=asked.switch("facets"))))

    async def similar(self, request: Request) -> Response:
        """Answer `similar ID --json`; `why=true` tells the reasons, `by`, `unlike` and `diverse` are as there."""
        asked = Question.of(request.query_params.multi_items())
        neighbours = Neighbours(
            self._mirror.index,
            self._mirror.store,
            asked.filters(),
            asked.number("limit", DEFAULT_HITS, MOST_HITS),
            reasons=asked.switch("why"),
            comparison=asked.comparison(),
        )
        try:
            return _json(neighbours.of([nct_id(request.path_params["nct_id"])], None))
        except NotIndexed as error:
            final = any(self._mirror.store.fate(error.nct_id))  # gone or unreadable: waiting won't help
            return _json({"error": str(error)}, 404 if final else 503)

    async def trial(self, request: Request) -> Response:
        """Answer `show ID --json`."""
        asked = nct_id(request.path_params["nct_id"])
        store = self._mirror.store
        held = store.resolve(asked)
        return _json(shown(Held(store.trial(held), asked, store.timestamp_of(held))))

    async def history(self, request: Request) -> Response:
        """Answer `history ID --json`, the versions in one list."""
        store = self._mirror.store
        held = store.resolve(nct_id(request.path_params["nct_id"]))
        return _json({"nct_id": held, "versions": list(history(store, held))})


def _json(answer: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(answer), status, media_type="application/json")
