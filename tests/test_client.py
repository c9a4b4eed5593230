import gzip
import socket
from collections.abc import Iterator
from contextlib import closing, nullcontext
from email.utils import formatdate

import pytest

from crawler.client import Client, user_agent
from crawler.errors import RecordRefused, RegistryFailed, RequestRejected
from tests import faults
from tests.conftest import SAMPLE
from tests.faults import Fault
from tests.serving import NOON, Asker, Clock, Served, is_version, sample_bodies

pytest_plugins = ("tests.serving",)

# -- pace ------------------------------------------------------------------------------------------------------------


def test_calls_are_a_pace_apart(ask: Asker) -> None:
    with ask.client(pace_seconds=1.0) as client:
        for spent in (0.0, 0.25, 3.0, 0.0):
            ask.clock.now += spent
            client.get("/version", check=bytes)
    assert ask.clock.sleeps == [0.75, 1.0]
    assert client.calls == 4


def test_a_pace_of_nothing_waits_for_nothing(ask: Asker) -> None:
    with ask.client() as client:
        for _ in range(3):
            client.get("/version", check=bytes)
    assert ask.clock.sleeps == []


def test_all_calls_go_over_one_connection(ask: Asker) -> None:
    ask.registry.script.once(faults.number(2), faults.too_many("1"))
    with ask.client() as client:
        for path in ("/version", "/studies", "/studies/NCT05300932", "/studies/NCT00182910"):
            client.get(path, check=bytes)
    assert len({call.port for call in ask.registry.script.calls}) == 1
    assert client.calls == len(ask.registry.script.calls) == 6  # one was asked twice, one redirected


@pytest.mark.parametrize(("pace", "paces"), [(1.0, [2.0, 4.0, 5.0, 5.0]), (0.0, [0.0] * 4), (7.0, [7.0] * 4)])
@pytest.mark.parametrize("status", [429, 503])
def test_a_registry_that_has_too_much_is_asked_half_as_often_down_to_five_seconds(
    ask: Asker, status: int, pace: float, paces: list[float]
) -> None:
    seen = []
    with ask.client(pace_seconds=pace) as client:
        for _ in paces:
            ask.registry.script.once(faults.every, faults.answer(status, retry_after="0"))
            client.get("/version", check=bytes)
            seen.append(client.pace_seconds)
        ask.clock.sleeps.clear()
        client.get("/version", check=bytes)
        client.get("/version", check=bytes)
    assert seen == paces
    assert ask.clock.sleeps == ([] if pace == 0 else [paces[-1]] * 2)


def test_other_troubles_leave_the_pace(ask: Asker) -> None:
    ask.registry.script.once(
        faults.every, faults.answer(500), faults.answer(502), faults.answer(504), faults.cut_short()
    )
    with ask.client(pace_seconds=1.0) as client:
        client.get("/version", check=bytes)
    assert client.pace_seconds == 1.0


# -- asking again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        *(faults.answer(status, b"later") for status in (429, 500, 502, 503, 504)),
        faults.cut_short(),
        faults.cut_short(0),
        faults.cut_json(),
        faults.cut_json(0),
        faults.html(),
        faults.answer(200, b"[" * 100_000),
        faults.answer(200, b'{"a":' * 100_000),
        faults.answer(200, b'{"a":"\xff"}'),
        faults.answer(200, b"not gzip", content_encoding="gzip"),
        faults.answer(200, gzip.compress(gzip.compress(b"{}")), content_encoding="gzip, gzip"),
        faults.answer(200, b"(\xb5/\xfd \x02\x11\x00\x00{}", content_encoding="zstd"),
    ],
)
def test_what_may_be_better_next_time_is_asked_again(ask: Asker, fault: Fault) -> None:
    ask.registry.script.once(faults.every, fault, fault)
    assert is_version(ask())
    assert len(ask.registry.script.calls) == 3


@pytest.mark.parametrize(
    ("fault", "calls", "reason"),
    [
        (faults.too_many(), 6, "429: slow down"),
        (faults.answer(502), 6, "502: no reason given"),
        (faults.answer(503, b" down for\nrepair "), 6, "503: down for\nrepair"),
        (faults.answer(504), 6, "504: no reason given"),
        (faults.answer(500, b"x" * 1000), 3, f"500: {'x' * 300}"),
        (faults.cut_short(), 6, "the connection broke"),
        (faults.cut_json(), 6, "a broken body"),
        (faults.html(), 6, "a broken body"),
    ],
)
def test_the_budget_of_tries_ends(ask: Asker, fault: Fault, calls: int, reason: str) -> None:
    ask.registry.script.always(faults.every, fault)
    with pytest.raises(RegistryFailed) as failed:
        ask()
    assert len(ask.registry.script.calls) == calls
    assert failed.value.url == f"{ask.registry.base}/version"
    assert failed.value.reason.startswith(reason)
    assert str(failed.value) == (
        f"{failed.value.url} gave no good answer: {failed.value.reason}. "
        "What was fetched is kept; run the same command again."
    )


@pytest.mark.parametrize(
    "statuses", [[503, 503, 503, 500], [500, 503, 500, 503], [503, 500, 502, 500, 504, 429], [500, 429, 429, 429, 429]]
)
def test_a_500_is_asked_twice_more_whatever_else_went_wrong(ask: Asker, statuses: list[int]) -> None:
    ask.registry.script.once(faults.every, *map(faults.answer, statuses))
    assert is_version(ask())
    assert len(ask.registry.script.calls) == len(statuses) + 1


def test_a_request_after_one_that_failed_has_a_budget_of_its_own(ask: Asker) -> None:
    script = ask.registry.script
    with ask.client() as client:
        for _ in range(3):
            script.once(faults.every, *[faults.answer(503)] * 5)
            client.get("/version", check=bytes)
    assert len(script.calls) == 18


@pytest.mark.parametrize("status", [204, 400, 401, 404, 410, 414, 451])
def test_a_refusal_is_final_for_the_request(ask: Asker, status: int) -> None:
    ask.registry.script.always(faults.every, faults.answer(status, b"" if status == 204 else b"asked wrongly"))
    with pytest.raises(RequestRejected) as rejected:
        ask()
    assert rejected.value.status == status
    assert str(rejected.value).startswith(f"{ask.registry.base}/version answered {status}: ")
    assert len(ask.registry.script.calls) == 1
    assert ask.clock.sleeps == []


def test_a_403_is_final_and_told_with_the_agent(ask: Asker) -> None:
    ask.registry.script.always(faults.every, faults.refused())
    with pytest.raises(RecordRefused) as refused:
        ask()
    assert len(ask.registry.script.calls) == 1
    assert str(refused.value) == (
        f"{ask.registry.base}/version refused this client (403, sent as '{user_agent()}'). "
        "Nothing was lost; set TRIALKIN_USER_AGENT or try from another network."
    )


def test_nobody_there_is_tried_three_times(clock: Clock) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        base = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with (
            Client(base, pace_seconds=1.0, sleep=clock.sleep) as client,
            pytest.raises(RegistryFailed, match="no connection"),
        ):
            client.get("/version", check=bytes)
    assert client.calls == 3


# -- how long --------------------------------------------------------------------------------------------------------


def gaps(ask: Asker, pace: float, *given: Fault) -> list[float]:
    """Seconds slept between the calls of one request."""
    ask.registry.script.once(faults.every, *given)
    ask(pace)
    assert len(ask.registry.script.calls) == len(given) + 1
    return ask.clock.sleeps


def test_waits_double_with_jitter_and_are_never_under_the_pace(ask: Asker) -> None:
    before = ask.clock.now
    waits = gaps(ask, 1.0, *[faults.answer(502)] * 5)
    first, rest = sum(waits[:-4]), waits[-4:]
    assert first == pytest.approx(1.0)  # half a second to one of back-off, and what the pace asks for beyond it
    for doubled, waited in zip((2, 4, 8, 16), rest, strict=True):
        assert doubled / 2 <= waited <= doubled
    assert len({waited / doubled for doubled, waited in zip((2, 4, 8, 16), rest, strict=True)}) > 1
    assert ask.clock.now - before == pytest.approx(sum(waits))


def test_without_a_word_of_when_a_429_is_waited_for_at_the_slower_pace(ask: Asker) -> None:
    waits = gaps(ask, 1.0, *[faults.too_many()] * 5)
    for longest, waited in zip((2, 4 * 2, 5 * 4, 5 * 8, 5 * 16), waits, strict=True):
        assert longest / 2 <= waited <= longest


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("200", 200.0),
        (formatdate(NOON + 90, usegmt=True), 90.0),
        (formatdate(NOON - 90, usegmt=True), 0.0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(ask: Asker, status: int, header: str, seconds: float) -> None:
    assert gaps(ask, 0.0, faults.answer(status, retry_after=header)) == [pytest.approx(seconds)]


@pytest.mark.parametrize("header", ["", "soon", "-5", "1.5", "²", "Wed, 99 Foo 2026 00:00:00 GMT"])
def test_a_retry_after_that_says_nothing_leaves_the_back_off(ask: Asker, header: str) -> None:
    (waited,) = gaps(ask, 2.0, faults.too_many(header))
    assert 2.0 <= waited <= 4.0


@pytest.mark.parametrize(
    ("asked", "calls", "slept"), [(["301"], 1, 0), (["200", "99"], 3, 299), (["200", "101"], 2, 200)]
)
def test_patience_is_five_minutes_for_one_request(ask: Asker, asked: list[str], calls: int, slept: float) -> None:
    ask.registry.script.once(faults.every, *map(faults.too_many, asked))
    with nullcontext() if slept == sum(map(int, asked)) else pytest.raises(RegistryFailed, match="429"):
        ask()
    assert len(ask.registry.script.calls) == calls
    assert sum(ask.clock.sleeps) == slept


DRIP = faults.drip(0.005, drops=400)  # enough for ten pieces to arrive one by one, however busy the machine is


@pytest.fixture
def hasty(registry: Served, clock: Clock) -> Iterator[Client]:
    """Reads ten pieces of an answer at most: each takes a second of its clock."""
    clock.tick_seconds = 1.0
    with Client(registry.base, pace_seconds=0, deadline_seconds=10.0, sleep=clock.sleep) as client:
        yield client


def test_a_slow_drip_is_cut_off_and_asked_again(registry: Served, hasty: Client) -> None:
    registry.script.once(faults.every, DRIP)
    assert hasty.get("/studies/NCT05300932", check=bytes).value == sample_bodies(SAMPLE)["NCT05300932"]
    assert hasty.calls == 2


def test_a_drip_that_never_ends_spends_the_budget(registry: Served, hasty: Client) -> None:
    registry.script.always(faults.every, DRIP)
    with pytest.raises(RegistryFailed, match="the answer took over 10 s"):
        hasty.get("/studies/NCT05300932", check=bytes)
    assert hasty.calls == 6
