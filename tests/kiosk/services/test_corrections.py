import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.services.corrections import Corrections, Wish
from kiosk.services.tools import StationTools
from kiosk.services.views import Guard
from kiosk.store import corrections as rows
from kiosk.store import projections
from tests.kiosk.services.post import UNMEASURED, Post
from tests.kiosk.services.toolbox import tools_of

HEAD = Guard("kepala", "Kepala", "head")
WISH = Wish("forgot_in", "2020-06-09", "7.05", "lupa")


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    post = Post(tmp_path, policy=UNMEASURED)
    yield post
    post.close()


@pytest.fixture
def tools(post: Post) -> StationTools:
    return tools_of(post)


@pytest.fixture
def office(tools: StationTools) -> Corrections:
    return Corrections(tools)


def asked(office: Corrections, wish: Wish = WISH, person_id: str = "P1") -> str:
    """Ask; gives the request's id."""
    assert office.ask(person_id, wish).ok
    return office.of_person(person_id)[0].correction_id


def test_asking_and_deciding(post: Post, office: Corrections) -> None:
    """A request and its decision are two facts in the journal; nothing that was recorded is changed by them."""
    correction_id = asked(office)
    assert office.decide(HEAD, correction_id, "approve", " ok ").ok
    assert post.of("correction.requested") == [
        {
            "correction_id": correction_id,
            "person_id": "P1",
            "what": "forgot_in",
            "date": "2020-06-09",
            "time": "07.05",
            "note": "lupa",
        }
    ]
    decided = {"correction_id": correction_id, "decision": "approve", "by": "kepala", "note": "ok"}
    assert post.of("correction.decided") == [decided]
    assert post.kinds() == ["correction.requested", "correction.decided"]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (replace(WISH, what="lazy"), "what"),
        (replace(WISH, date="2020-06-11"), "date"),
        (replace(WISH, date="2020-05-10"), "date"),
        (replace(WISH, date="yesterday"), "date"),
        (replace(WISH, time="25.00"), "time"),
        (replace(WISH, time=""), "time"),
        (replace(WISH, date="2020-06-10", time="07.13"), "future"),
        (replace(WISH, note="x" * 301), "note"),
    ],
)
def test_what_cannot_be_asked(post: Post, office: Corrections, wish: Wish, code: str) -> None:
    """Only the last 30 days, no time to come, no essay; nothing else is journaled."""
    assert office.ask("P1", wish).code == code
    assert post.rows() == []


def test_the_oldest_day_and_this_minute(office: Corrections) -> None:
    """Thirty days back and this very minute can be asked about."""
    assert office.ask("P1", replace(WISH, date="2020-05-11")).ok
    assert office.ask("P1", replace(WISH, date="2020-06-10", time="07.12")).ok
    assert len(office.days()) == 31


def test_asking_twice(office: Corrections) -> None:
    """The same wish waits once, however its time is written; once decided it may be asked for again."""
    correction_id = asked(office)
    assert office.ask("P1", replace(WISH, time="07:05")).code == "asked_before"
    assert office.ask("P2", WISH).ok
    office.decide(HEAD, correction_id, "reject", "")
    assert office.ask("P1", WISH).ok


def test_asking_without_end(office: Corrections) -> None:
    """Ten of one person's requests may wait, and somebody nobody knows has none."""
    assert [office.ask("P1", replace(WISH, time=f"0{n}.00")).code for n in range(10)] == ["done"] * 10
    assert office.ask("P1", replace(WISH, time="11.00")).code == "too_many"
    assert office.ask("P77", WISH).code == "unknown_person"


def test_deciding_twice(post: Post, office: Corrections) -> None:
    """The first decision stands, also when two press at the same time."""
    correction_id = asked(office)
    ready = threading.Barrier(2)

    def press(decision: str) -> str:
        ready.wait(5)
        return office.decide(HEAD, correction_id, decision, "").code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(press, ("approve", "reject"))) == ["already_decided", "done"]
    [decided] = post.of("correction.decided")
    assert office.of_person("P1")[0].decision == decided["decision"]


def test_nobody_decides_their_own(post: Post, office: Corrections) -> None:
    """Whoever asked is refused, and that is journaled; the request waits on."""
    correction_id = asked(office)
    assert office.decide(Guard("P1", "Orang 1", "head"), correction_id, "approve", "").code == "own_request"
    assert post.of("guard.refused") == [{"guard_id": "P1", "reason": "own_request", "what": correction_id}]
    assert office.of_person("P1")[0].decision is None


@pytest.mark.parametrize(("decision", "code"), [("perhaps", "decision"), ("", "decision"), ("approve", "unknown")])
def test_what_is_no_decision(post: Post, office: Corrections, decision: str, code: str) -> None:
    """A word that is no decision, or a request that nobody made, changes nothing."""
    assert office.decide(HEAD, "none", decision, "").code == code
    assert office.decide(HEAD, asked(office), "approve", "x" * 301).code == "note"
    assert post.of("correction.decided") == []


def test_the_list(office: Corrections) -> None:
    """Open ones oldest first, with who asked; decided ones with who decided."""
    first, second = asked(office), asked(office, replace(WISH, what="duty_outside"), "P2")
    waiting, decided = office.listed()
    assert [each.person.name for each in waiting] == ["Orang 1", "Orang 2"]
    assert decided == ()
    office.decide(Guard("budi", "Budi", "administrator"), second, "reject", "tidak ada surat")
    waiting, decided = office.listed()
    assert [each.correction.correction_id for each in waiting] == [first]
    assert [(each.decided_by, each.correction.answer) for each in decided] == [("Budi", "tidak ada surat")]


def test_a_door_that_cannot_write(tools: StationTools) -> None:
    """When nothing can be journaled whoever asks is told so."""

    def broken(*_: object) -> None:
        raise TimeoutError

    assert Corrections(replace(tools, journal=broken)).ask("P1", WISH).code == "out_of_service"


def test_made_anew_they_are_the_same(post: Post, office: Corrections) -> None:
    """Requests rebuilt from the journal equal those that were kept."""
    office.decide(HEAD, asked(office), "approve", "ok")
    asked(office, replace(WISH, time="08.00"))
    db = post.database.connection
    kept = db.execute("SELECT * FROM corrections").fetchall()
    with post.database.transaction() as writing:
        projections.rebuild(writing)
    assert len(kept) == 2
    assert db.execute("SELECT * FROM corrections").fetchall() == kept


def test_what_is_forgotten(post: Post, office: Corrections) -> None:
    """Decided ones go after their time and open ones wait; erased rows are gone at once."""
    office.decide(HEAD, asked(office), "approve", "")
    asked(office, replace(WISH, time="08.00"))
    with post.database.transaction() as db:
        rows.forget_before(db, post.clock.wall.replace(month=9))
    assert [each.decision for each in office.of_person("P1")] == [None]
    with post.database.transaction() as db:
        rows.forget_rows(db, post.rows()[0]["epoch"], 99)
    assert office.of_person("P1") == ()
