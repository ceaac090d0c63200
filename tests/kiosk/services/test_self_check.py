from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.core.values import Screen, ScreenKind
from kiosk.services.corrections import Corrections, Wish
from kiosk.services.presence import Presence, Typed
from kiosk.services.self_check import OFFER_LASTS_S, OPEN_LASTS_S, SelfCheck, Visit
from kiosk.services.tools import StationTools
from kiosk.services.views import Guard
from sync.progress import Acked
from sync.state import SyncState
from tests.kiosk.services.post import UNMEASURED, Post, revoked
from tests.kiosk.services.toolbox import tools_of

IDLE = Screen(ScreenKind.IDLE)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    post = Post(tmp_path, policy=UNMEASURED)
    yield post
    post.close()


@pytest.fixture
def tools(post: Post) -> StationTools:
    return tools_of(post)


@pytest.fixture
def mirror(tools: StationTools) -> SelfCheck:
    return SelfCheck(tools)


def offered(post: Post, mirror: SelfCheck, number: int = 1) -> str:
    """A badge is shown; gives the token of the button on its screen."""
    post.badge(number)
    token = mirror.look(post.screen)
    assert token
    return token


def opened(post: Post, mirror: SelfCheck, number: int = 1) -> Visit:
    visit = mirror.open(offered(post, mirror, number), post.screen, "id")
    assert visit
    return visit


def test_the_tap_opens_its_owners_page(post: Post, mirror: SelfCheck) -> None:
    """The token of one's own screen opens one's own page, in the language of the panel."""
    post.badge(2)
    visit = mirror.open(offered(post, mirror, 1), IDLE, "en")
    assert visit is not None
    assert (visit.person_id, visit.language) == ("P1", "en")


def test_a_token_opens_once(post: Post, mirror: SelfCheck) -> None:
    """Pressed again, or sent again by somebody, it opens nothing."""
    token = offered(post, mirror)
    assert mirror.open(token, post.screen, "id")
    assert mirror.open(token, post.screen, "id") is None


@pytest.mark.parametrize("token", ["", "0" * 64, "é", "x" * 10_000])
def test_made_up_tokens(post: Post, mirror: SelfCheck, token: str) -> None:
    """A token that nobody was given opens nothing, and does not spend the real one."""
    mine = offered(post, mirror)
    assert mirror.open(token, post.screen, "id") is None
    assert mirror.open(mine, post.screen, "id")


def test_another_kiosks_token(post: Post, mirror: SelfCheck, tools: StationTools) -> None:
    """A token of another panel, for the very same tap, opens nothing here."""
    foreign = offered(post, mirror)
    here = SelfCheck(tools)
    here.look(post.screen)
    assert here.open(foreign, post.screen, "id") is None


def test_a_minute_after_it_was_shown(post: Post, mirror: SelfCheck) -> None:
    """The token ends 60 s after its screen was last shown, whatever the wall clock does."""
    token = offered(post, mirror)
    post.clock.advance(OFFER_LASTS_S)
    post.clock.jump(-3600)
    assert mirror.open(token, IDLE, "id")
    token = mirror.look(post.screen) or ""
    post.clock.advance(OFFER_LASTS_S + 0.1)
    post.clock.jump(-3600)
    assert mirror.open(token, IDLE, "id") is None


def test_while_it_is_shown_it_lasts(post: Post, mirror: SelfCheck) -> None:
    """A screen that stays up keeps its button; the same screen always has the same token."""
    token = offered(post, mirror)
    for _ in range(5):
        post.clock.advance(50)
        assert mirror.look(post.screen) == token
    assert mirror.open(token, post.screen, "id")


def test_somebody_else_taps_meanwhile(post: Post, mirror: SelfCheck) -> None:
    """Once another person's tap is on the screen the first one's button and page are over, also before the panel drew it."""
    token = offered(post, mirror, 1)
    post.badge(2)
    assert mirror.open(token, post.screen, "id") is None
    visit = opened(post, mirror, 3)
    post.badge(4)
    assert mirror.visit(visit.id, post.screen) is None
    assert mirror.visit(visit.id, IDLE) is None


def test_a_bad_badge_meanwhile(post: Post, mirror: SelfCheck) -> None:
    """Somebody with a badge that nobody knows has come too: what was open is closed, and they are offered nothing."""
    visit = opened(post, mirror)
    post.badge(77)
    assert mirror.look(post.screen) is None
    assert mirror.visit(visit.id, post.screen) is None


@pytest.mark.parametrize("kind", [kind for kind in ScreenKind if kind not in ("tapped", "admitted", "repeated", "held")])
def test_screens_without_a_button(post: Post, mirror: SelfCheck, kind: ScreenKind) -> None:
    """Only after a tap of one's own there is a button."""
    post.badge(1)
    assert mirror.look(Screen(kind, post.screen.person, post.screen.tap)) is None


def test_a_revoked_badge_opens_nothing(post: Post, mirror: SelfCheck, tmp_path: Path) -> None:
    """Who finds a badge that was reported lost cannot look at its owner's days."""
    with post.database.transaction() as db:
        db.execute("UPDATE badges SET state = 'revoked' WHERE token_sha256 = ?", (revoked(1).revoke[0],))
    post.badge(1)
    assert mirror.look(post.screen) is None


def test_the_page_closes_by_itself(post: Post, mirror: SelfCheck) -> None:
    """After 30 s it is over, unless its owner is filling in a form; closing it ends it at once."""
    visit = opened(post, mirror)
    post.clock.advance(OPEN_LASTS_S)
    assert mirror.visit(visit.id, IDLE, stay_s=120)
    post.clock.advance(120)
    assert mirror.visit(visit.id, IDLE)
    post.clock.advance(0.1)
    assert mirror.visit(visit.id, IDLE) is None
    visit = opened(post, mirror, 2)
    mirror.close(visit.id)
    assert mirror.visit(visit.id, IDLE) is None


def test_visits_of_others(post: Post, mirror: SelfCheck) -> None:
    """A made-up visit is none, and a new visit ends the one before."""
    first = opened(post, mirror, 1)
    assert mirror.visit("", IDLE) is None
    assert mirror.visit("0" * 64, IDLE) is None
    second = opened(post, mirror, 2)
    assert mirror.visit(first.id, IDLE) is None
    assert mirror.visit(second.id, IDLE)


def test_what_the_page_says(post: Post, mirror: SelfCheck, tools: StationTools) -> None:
    """Own days, newest first, with what is sent and who typed it; nobody else's, and nothing older than 30 days."""
    post.badge(2)
    post.badge(1)
    post.clock.advance(31 * 24 * 3600)
    post.badge(1)
    Presence(tools).enter(Guard("budi", "Budi", "guard"), Typed("P1", "out", "forgot_exit", again=True))
    Presence(tools).enter(Guard("tri", "Tri", "guard"), Typed("P2", "out", "forgot_exit"))
    post.clock.advance(24 * 3600)
    post.badge(1)
    Corrections(tools).ask("P1", Wish("duty_outside", "2020-07-01", "08.00"))
    Corrections(tools).ask("P2", Wish("forgot_in", "2020-07-01", "08.00"))
    row = post.rows()[-4]
    acknowledge(post, row["epoch"], row["seq"] - 1)
    page = mirror.page("P1")
    assert page is not None
    assert page.person.id == "P1"
    assert [day.day.isoformat() for day in page.days] == ["2020-07-12", "2020-07-11"]
    assert [(e.entry.direction, e.entry.source, e.typed_by) for e in page.days[1].entries] == [
        ("in", "badge", None),
        ("out", "manual", "Budi"),
    ]
    assert [each.sent for day in page.days for each in day.entries] == [False, True, True]
    assert {each.entry.person_id for day in page.days for each in day.entries} == {"P1"}
    assert [(each.correction.what, each.sent) for each in page.requests] == [("duty_outside", False)]
    assert page.days[1].first_in is page.days[1].entries[0].entry
    assert page.days[1].last_out is page.days[1].entries[1].entry
    assert page.days[0].last_out is None


def test_a_person_who_left(mirror: SelfCheck) -> None:
    """Nobody's page is nobody's."""
    assert mirror.page("P99") is None


def acknowledge(post: Post, epoch: str, through: int) -> None:
    """The server has everything up to that row."""
    acked: Acked = ((1, through),)
    state = SyncState(post.data / "sync.db", post.clock)
    state.set_acked(epoch, acked)
    state.close()
