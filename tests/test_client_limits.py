from importlib.metadata import version

import httpx
import pytest

from crawler.client import Client, fetch_page, user_agent
from crawler.config import BODY_LIMIT_BYTES
from crawler.errors import BodyTooLarge, CrawlError, RedirectRefused, RegistryFailed, UsageError
from tests import faults
from tests.faults import Fault
from tests.serving import Asker, Clock, Served, is_version

pytest_plugins = ("tests.serving",)


# -- how much --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [faults.answer(200, b" " * 101), faults.oversized(1 << 20), faults.gzip_bomb(101), faults.gzip_bomb(1 << 20)],
)
def test_a_body_over_the_limit_is_refused_at_once_and_the_client_goes_on(ask: Asker, fault: Fault) -> None:
    ask.registry.script.once(faults.every, fault)
    with ask.client(body_limit_bytes=100) as client:
        with pytest.raises(BodyTooLarge):
            client.get("/version", check=bytes)
        assert client.calls == 1
        assert client.get("/version", check=bytes).value


@pytest.mark.parametrize("fault", [faults.answer(200, b" " * 100), faults.gzip_bomb(100)])
def test_a_body_at_the_limit_is_taken(ask: Asker, fault: Fault) -> None:
    ask.registry.script.once(faults.every, fault)
    with ask.client(body_limit_bytes=100) as client:
        assert client.get("/version", check=bytes).value == b" " * 100


def test_the_limit_is_64_megabytes_after_decompression(ask: Asker) -> None:
    assert BODY_LIMIT_BYTES == 64 * 1024 * 1024
    ask.registry.script.once(faults.every, faults.gzip_bomb(BODY_LIMIT_BYTES + 1))
    with pytest.raises(BodyTooLarge) as refused:
        ask()
    assert str(refused.value) == f"{ask.registry.base}/version sent more than 64 MB; it was cut off and not kept."


# -- redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["/api/v2/version?a", "version?a", "?a", "{base}/version?a=1"])
def test_redirects_within_the_site_are_followed(ask: Asker, to: str) -> None:
    ask.registry.script.once(faults.number(1), faults.redirect(to.format(base=ask.registry.base)))
    response = ask()
    assert is_version(response)
    assert response.url == httpx.URL(ask.registry.base + "/version").join(to.format(base=ask.registry.base))
    assert len(ask.registry.script.calls) == 2


def test_redirects_keep_the_pace_and_end_after_five(ask: Asker) -> None:
    chain = [faults.redirect(f"/api/v2/version?n={hop}") for hop in range(1, 7)]
    ask.registry.script.once(faults.every, *chain[:5])
    assert is_version(ask(pace_seconds=1.0))
    assert ask.clock.sleeps == [1.0] * 5
    ask.registry.script.once(faults.every, *chain)
    with pytest.raises(RedirectRefused):
        ask()


@pytest.mark.parametrize(
    "to",
    [
        "https://example.org/api/v2/version",
        "http://example.org/",
        "//example.org/version",
        "http://localhost:{port}/api/v2/version",
        "http://127.0.0.1/api/v2/version",
        "http://127.0.0.1:1/api/v2/version",
        "https://127.0.0.1:{port}/api/v2/version",
        "ftp://127.0.0.1:{port}/version",
        "http://127.0.0.1:99999/",
        "",
        "/api/v2/version",
    ],
)
def test_redirects_to_another_site_or_in_a_circle_are_not_followed(ask: Asker, to: str) -> None:
    location = to.format(port=httpx.URL(ask.registry.base).port)
    ask.registry.script.always(faults.every, faults.redirect(location))
    with pytest.raises(RedirectRefused) as refused:
        ask()
    assert (refused.value.url, refused.value.location) == (f"{ask.registry.base}/version", location)
    assert str(refused.value).endswith("which is another site or a circle; it was not followed.")
    assert len(ask.registry.script.calls) == 1


def test_a_redirect_to_no_address_is_an_answer_that_broke(ask: Asker) -> None:
    ask.registry.script.always(faults.every, faults.redirect("http://[::1"))
    with pytest.raises(RegistryFailed, match="Invalid URL in location header"):
        ask()


def test_a_circle_of_two_is_seen(ask: Asker) -> None:
    there, back = faults.redirect("/api/v2/studies"), faults.redirect("/api/v2/version")
    ask.registry.script.once(faults.every, there, back)
    with pytest.raises(RedirectRefused):
        ask()
    assert len(ask.registry.script.calls) == 2


def test_only_encodings_that_grow_within_bounds_are_asked_for(ask: Asker) -> None:
    ask()
    assert ask.registry.script.calls[0].headers["accept-encoding"] == "gzip, deflate"


# -- who asks, and for what ------------------------------------------------------------------------------------------


def test_the_user_agent_names_program_address_and_library(ask: Asker) -> None:
    ask()
    sent = ask.registry.script.calls[0].headers["user-agent"]
    assert (
        sent
        == f"trialkin/{version('trialkin')} (+https://github.com/trialkin/trialkin) python-httpx/{httpx.__version__}"
    )


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (
            "lab-crawler/2 (+mailto:a@example.org)",
            f"lab-crawler/2 (+mailto:a@example.org) python-httpx/{httpx.__version__}",
        ),
        (f"mine python-httpx/{httpx.__version__}", f"mine python-httpx/{httpx.__version__}"),
    ],
)
def test_another_agent_is_sent_with_the_library(registry: Served, given: str, sent: str) -> None:
    with Client(registry.base, pace_seconds=0, agent=given) as client:
        client.get("/version", check=bytes)
    assert registry.script.calls[0].headers["user-agent"] == sent


@pytest.mark.parametrize("given", ["Mozilla/5.0 (X11; Linux x86_64)", "trialkin (like mozilla)"])
def test_posing_as_a_browser_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="poses as a browser"):
        user_agent(given)


def test_an_etag_is_asked_with_and_304_brings_no_body(ask: Asker) -> None:
    with ask.client() as client:
        first = client.get("/studies/NCT05300932", check=bytes)
        again = client.get("/studies/NCT05300932", check=bytes, etag=first.etag)
        other = client.get("/studies/NCT05300932", check=bytes, etag='"another"')
    assert first.etag
    assert (again.value, again.etag) == (None, first.etag)
    assert other.value == first.value
    sent = [call.headers.get("if-none-match") for call in ask.registry.script.calls]
    assert sent == [None, first.etag, '"another"']


def test_parameters_arrive_as_they_were(ask: Asker) -> None:
    given = {"query.term": 'a & b=c; Sjögren\'s + (x) "y" 100%', "filter.ids": "NCT00000401,NCT00000417"}
    with ask.client() as client, pytest.raises(CrawlError):
        client.get("/nothing/here", given, check=bytes)
    assert ask.registry.script.calls[0].query == given


@pytest.mark.parametrize("base", ["ftp://example.org", "http://", "http://[::1", "http:///x", "file:///etc/passwd"])
def test_what_is_no_web_address_is_refused_unasked(base: str, clock: Clock) -> None:
    with Client(base, sleep=clock.sleep) as client, pytest.raises(UsageError, match="is no web address"):
        client.get("/version", check=bytes)
    assert (client.calls, clock.sleeps) == (0, [])


# -- one page --------------------------------------------------------------------------------------------------------


def test_a_page_is_fetched_with_its_query_and_without_its_fragment(registry: Served) -> None:
    fetch_page(f"{registry.base}/studies?query.cond=lupus&fields=NCTId#top", pace_seconds=0, agent=None)
    assert registry.script.urls == ["/api/v2/studies?query.cond=lupus&fields=NCTId"]


def test_a_site_without_a_path_is_asked_for_its_root(registry: Served) -> None:
    registry.script.once(faults.every, faults.html())
    page = fetch_page(registry.base.removesuffix("/api/v2"), pace_seconds=0, agent="lab (+mailto:a@example.org)")
    assert page.startswith(b"<!DOCTYPE html>")
    assert registry.script.urls == ["/"]
    assert registry.script.calls[0].headers["user-agent"].startswith("lab (+mailto:a@example.org) ")


@pytest.mark.parametrize("url", ["ftp://example.org/x", "https://", "page.html", "file:///etc/passwd"])
def test_a_page_that_is_on_no_site_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="is no web address"):
        fetch_page(url, pace_seconds=0, agent=None)
