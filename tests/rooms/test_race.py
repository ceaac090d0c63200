"""Two doors, one free place, and somebody at each of them at the same moment."""

import json
import subprocess
import sys

import pytest

from kiosk.core.room_codes import Said
from kiosk.simulation.race import differing, fault, right_at, same_moment
from kiosk.simulation.racer import Answer


def answer(said: Said, held: int, began_ns: int = 0) -> Answer:
    return Answer(str(said), began_ns, held)


def test_exactly_one_of_two_lets_somebody_in() -> None:
    """25 times two real doors are asked within a millisecond for one place: one lets somebody in, and all counts agree after."""
    race = [sys.executable, "-m", "kiosk", "simulate", "race", "--rounds", "25", "--seed", "3", "--json"]
    done = subprocess.run(race, capture_output=True, text=True, check=False, timeout=240)

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["episodes"], told["violations"], told["seed"], told["first"]) == (25, 0, 3, None)
    assert sum(told["right_at"].values()) == 25
    assert told["entered"] >= told["rounds"] >= 25


@pytest.mark.parametrize(
    ("one", "other", "where"),
    [
        (answer(Said.ENTERED, 1), answer(Said.WAITING, 0), "first"),
        (answer(Said.WAITING, 0), answer(Said.ENTERED, 1), "second"),
        (answer(Said.WAITING, 0), answer(Said.WAITING, 0), "elsewhere"),
    ],
)
def test_whoever_has_the_right_lets_in(one: Answer, other: Answer, where: str) -> None:
    """The door with the right lets somebody in and the other gives a number; with the right elsewhere both give one."""
    assert fault((one, other)) is None
    assert right_at((one, other)) == where


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        (answer(Said.ENTERED, 1), answer(Said.ENTERED, 0), "both doors let somebody in"),
        (answer(Said.ENTERED, 1), answer(Said.WAITING, 1), "one place, and 1 and 1 rights at the doors"),
        (answer(Said.ENTERED, 0), answer(Said.WAITING, 0), "with 0 and 0 rights the doors said entered and waiting"),
        (answer(Said.WAITING, 1), answer(Said.WAITING, 0), "with 1 and 0 rights the doors said waiting and waiting"),
        (
            answer(Said.ENTERED, 1),
            answer(Said.OUT_OF_SERVICE, 0),
            "with 1 and 0 rights the doors said entered and out_of_service",
        ),
    ],
)
def test_a_broken_promise_is_named(one: Answer, other: Answer, what: str) -> None:
    """Two who enter, two rights, one without a right, a place that is kept from everybody: each is a violation with its words."""
    assert fault((one, other)) == what


@pytest.mark.parametrize(("apart_ns", "counts"), [(0, True), (1_000_000, True), (-1_000_000, True), (1_000_001, False)])
def test_only_askers_within_a_millisecond_count(apart_ns: int, counts: bool) -> None:
    """A round counts when both were asked within one millisecond, whoever was first."""
    began_ns = 5_000_000_000
    assert same_moment((answer(Said.WAITING, 0, began_ns), answer(Said.ENTERED, 1, began_ns + apart_ns))) is counts


def test_doors_and_server_agree_in_the_end() -> None:
    """One right at one door, nobody inside and nobody waiting, at the doors and at the server alike: anything else is said."""
    doors = [Answer(held=1), Answer()]
    listed = {"inside": 0, "waiting": 0, "doors": [{"held": 0}, {"held": 1}]}
    assert differing(doors, listed) is None
    for wrong in ({"inside": 1}, {"waiting": 1}, {"doors": [{"held": 0}, {"held": 0}]}):
        assert differing(doors, listed | wrong) is not None
    assert differing([Answer(), Answer()], listed) is not None
    assert differing([Answer(held=1, inside=1), Answer()], listed) is not None
