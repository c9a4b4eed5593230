"""The mirror as pages: search with facets, one trial with the trials most like it. Made on the server, no script."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from crawler.config import Cache, program_version
from crawler.errors import TrialkinError
from crawler.ids import nct_id
from crawler.prose import prose
from crawler.trial import Trial
from index.search import SearchRequest
from index.similar.aspects import Comparison
from serve.choices import aspects, chips, facet_lists, pager, sorts, unheld_values
from serve.labels import name_label, value_label
from serve.mirror import Mirror
from serve.neighbours import Neighbours, NotIndexed
from serve.problem import problem
from serve.question import Question
from serve.reading import Relative, inert, kin, marked_hit, relative, sites_by_country, web_url

HITS = 20
RELATIVES = 10
OVERVIEW = ("condition_mesh", "status", "phase", "country")  # counted on the first page
_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Holding:
    """What the mirror holds; `behind` where the index lacks records that the store has."""

    trials: int
    data_timestamp: str | None
    registry: str | None
    behind: bool


def environment() -> Environment:
    """Make the templates' environment: everything is escaped, and cleaned of what steers, as it is written."""
    made = Environment(
        loader=PackageLoader("serve"),
        autoescape=True,
        auto_reload=False,
        finalize=_finalize,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    style = sha256((_STATIC / "style.css").read_bytes()).hexdigest()[:12]
    made.globals |= {"version": program_version(), "style": f"/static/style.css?{style}", "blank": Question()}
    made.filters |= {"words": value_label, "name": name_label, "prose": prose, "web_url": web_url, "phrase": _phrase}
    return made


def _finalize(value: object) -> object:
    if value is None:
        return ""
    return inert(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _phrase(text: str) -> str:
    """Return a value as a phrase of the query language."""
    return f'"{text.replace(chr(34), " ")}"'


class Pages:
    """Endpoints over one mirror."""

    def __init__(self, cache: Cache, mirror: Mirror) -> None:
        self._cache = cache
        self._mirror = mirror
        self._environment = environment()

    def application(self) -> Starlette:
        """Make the application of all pages."""
        return Starlette(
            routes=[
                Route("/", self.home),
                Route("/search", self.search),
                Route("/trials/{nct_id}", self.trial),
                Mount("/static", StaticFiles(directory=_STATIC)),
            ],
            exception_handlers=dict.fromkeys((TrialkinError, HTTPException, OSError, Exception), self.refuse),
        )

    def _page(self, template: str, values: Mapping[str, object], status: int = 200) -> Response:
        return HTMLResponse(self._environment.get_template(template).render(values), status)

    async def refuse(self, request: Request, error: Exception) -> Response:
        """Tell of an error, the one place; a search keeps what was typed."""
        told = problem(error, self._cache)
        typed = Question.of(request.query_params.multi_items()) if request.url.path == "/search" else Question()
        return self._page("problem.html", {"problem": told, "question": typed, "chips": chips(typed)}, told.status)

    def _holding(self) -> Holding:
        store, manifest = self._mirror.store, self._mirror.index.manifest
        return Holding(
            manifest.documents, manifest.data_timestamp, store.meta("registry"), behind=store.change != manifest.change
        )

    async def home(self, _request: Request) -> Response:
        """Show the form, what the mirror holds, and a way in."""
        facets = self._mirror.index.search(SearchRequest(facets=True, limit=0)).facets
        lists = facet_lists({key: facets[key] for key in OVERVIEW}, Question())
        return self._page("home.html", {"holding": self._holding(), "question": Question(), "lists": lists})

    async def search(self, request: Request) -> Response:
        """Show a page of hits with facets."""
        question = Question.of(request.query_params.multi_items())
        asked = question.request(limit=HITS, facets=True)
        page = self._mirror.index.search(asked)
        values = {
            "question": question,
            "page": page,
            "hits": [marked_hit(hit) for hit in page.hits],
            "lists": facet_lists(page.facets, question),
            "chips": chips(question),
            "sorts": sorts(question),
            "pager": pager(question, page, asked.offset, HITS),
            "unheld": [] if page.total else unheld_values(self._mirror.index, asked),
            "as_json": question.changed(facets="true", limit=str(HITS)).url("/api/search"),
            "holding": self._holding(),
        }
        return self._page("search.html", values)

    async def trial(self, request: Request) -> Response:
        """Show one trial and the trials most like it; another name of it is redirected to its own."""
        store, index = self._mirror.store, self._mirror.index
        asked = request.path_params["nct_id"]
        held = store.resolve(nct_id(asked))
        if held != asked:
            return RedirectResponse(f"/trials/{held}", 301)
        trial = store.trial(held)
        question = Question.of(request.query_params.multi_items())
        comparison = question.comparison()
        compared = (pair for pair in question.pairs if pair[0] in {"by", "unlike", "diverse"})
        relatives, note = self._relatives(trial, comparison)
        values = {
            "trial": trial,
            "countries": sites_by_country(trial),
            "kin": kin(store, index, trial),
            "relatives": relatives,
            "note": note,
            "aspects": aspects(held, comparison),
            "comparison": comparison,
            "as_json": Question((*compared, ("why", "true"))).url(f"/api/similar/{held}"),
            "data_timestamp": store.timestamp_of(held),
            "holding": self._holding(),
        }
        return self._page("trial.html", values)

    def _relatives(self, trial: Trial, comparison: Comparison) -> tuple[list[Relative], str | None]:
        """Trials most like one, and what to know of them, or why none can be told."""
        index, store = self._mirror.index, self._mirror.store
        try:
            answer = Neighbours(index, store, {}, RELATIVES, reasons=True, comparison=comparison).of(
                [trial.nct_id], None
            )
        except NotIndexed as error:
            return [], str(error)
        return [relative(index, hit, comparison) for hit in answer.hits], answer.note
