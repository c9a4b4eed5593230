import pytest

from crawler.ways import Standing, Way, batches, fewer, pages


def ways(*said: str) -> list[Way]:
    """What is asked where these are true and nothing else is."""
    names = ("mirrored", "marked", "new_data", "resumed", "whole", "sweep")
    return Standing(**{name: name in said for name in names}).ways


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("marked", []),
        ("marked new_data", [Way.BATCHES]),
        ("marked resumed", [Way.BATCHES]),
        ("", [Way.BATCHES]),  # files alone
        ("mirrored marked", []),
        ("mirrored marked new_data", [Way.WALK]),
        ("mirrored marked resumed", [Way.WALK]),
        ("mirrored marked whole", []),
        ("mirrored marked whole new_data", [Way.MIRROR]),
        ("mirrored whole", [Way.MIRROR]),
        ("whole marked", [Way.MIRROR]),
        ("whole marked sweep", [Way.MIRROR, Way.SWEEP]),
        ("mirrored marked whole sweep", [Way.SWEEP]),
        ("mirrored marked new_data sweep", [Way.SWEEP]),
        ("marked sweep", [Way.SWEEP]),
    ],
)
def test_what_is_asked_and_in_which_order(said: str, asked: list[Way]) -> None:
    assert ways(*said.split()) == asked


def test_requests_are_counted_as_they_are_sent() -> None:
    assert [batches(held) for held in (0, 1, 200, 201)] == [0, 1, 1, 2]
    assert [pages(total) for total in (0, 999, 1000, 1001)] == [
        1,
        1,
        2,
        2,
    ]  # a full last page has an empty one after it


@pytest.mark.parametrize(
    ("held", "updated", "way"),
    [
        (1000, 3999, Way.WALK),  # five batches, four pages
        (1000, 4000, Way.BATCHES),  # as many of either: batches are smaller
        (1001, 4000, Way.WALK),
        (401, 0, Way.WALK),
        (200, 0, Way.BATCHES),
    ],
)
def test_whichever_is_fewer(held: int, updated: int, way: Way) -> None:
    assert fewer(held, updated) is way
