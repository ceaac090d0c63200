import re
from datetime import UTC, datetime
from enum import StrEnum

import pytest

import kiosk
from drivers.base import Hint
from kiosk.core.effects import AnswerCode
from kiosk.core.values import At, Direction, HoldEnd, LetInReason, Person, Reason, Screen, ScreenKind, Tap
from kiosk.services.decisions import BadgeTrouble, SeenStep, StepState
from kiosk.services.views import DeviceState, PrinterSign
from kiosk.simulation.web import FAULTS
from kiosk.web import catalogs, faces
from kiosk.web.hold_groups import SCRIPTS
from kiosk.web.paths import templates_folder
from kiosk.web.texts import LANGUAGES, clock_text, countdown_text, date_text, initials, is_day, temperature_text
from sync.state import Problem
from tests.kiosk.web.station import NOW, panel_view, tap

_IN_TEMPLATES = re.compile(r"_\(\s*'([a-z][a-z0-9_.]*)'\s*[,)]|_\('([a-z.]+)' if [^)]* else '([a-z.]+)'\)")
_IN_CODE = re.compile(r"(?:gettext|_back)\(\s*\"([a-z0-9_.]+)\"|else \"([a-z]+\.[a-z]+)\"")
_KEY_IN_FACES = re.compile(r'"([a-z]+\.[a-z0-9_.]+)"')
WORDS = {language: {str(one.id): str(one.string) for one in catalogs.read_catalog(language) if one.id} for language in LANGUAGES}


def used() -> set[str]:
    """Every msgid that templates and code name, and those they build from a code."""
    found: set[str] = set()
    for path in templates_folder().rglob("*.html"):
        if "server" not in path.parts:
            found |= {key for match in _IN_TEMPLATES.findall(path.read_text()) for key in match if key}
    code = templates_folder().parent / "kiosk"
    for path in [*(code / "web").glob("*.py"), code / "simulation" / "web.py"]:
        found |= {key for match in _IN_CODE.findall(path.read_text()) for key in match if key}
    found |= set(_KEY_IN_FACES.findall((code / "web" / "faces.py").read_text()))
    return found


_REFUSED = {
    f"answer.{code}" for code in ("unknown_tap", "unknown_step", "unknown_trouble", "no_badge", "note_needed", "already_by")
}


def built() -> set[str]:
    families: list[tuple[str, type[StrEnum]]] = [
        ("reason", Reason),
        ("device", DeviceState),
        ("printer", PrinterSign),
        ("direction", Direction),
        ("decision", HoldEnd),
        ("problem", Problem),
        ("answer", AnswerCode),
        ("let_in", LetInReason),
        ("badge", BadgeTrouble),
        *((f"step.{step}", StepState) for step in SeenStep),
    ]
    keys = set(SCRIPTS) | _REFUSED | {f"{family}.{code}" for family, codes in families for code in codes}
    return (
        keys
        | set(SCRIPTS)
        | _REFUSED
        | {"answer.out_of_service"}
        | {f"sim.fault.{fault}" for faults in FAULTS.values() for fault in faults}
        | {f"sign.{device}" for device in FAULTS}
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_used_is_in_the_catalog(language: str):
    """Nobody at the door reads a msgid, whatever the language."""
    assert len(used()) > 100
    missing = sorted(key for key in used() | built() if not WORDS[language].get(key))
    assert missing == []


def test_catalogs_say_the_same_things():
    """Both languages have the same msgids with the same values in them."""
    values = re.compile(r"%\((\w+)\)s")
    assert WORDS["id"].keys() == WORDS["en"].keys()
    for key, words in WORDS["id"].items():
        assert sorted(set(values.findall(words))) == sorted(set(values.findall(WORDS["en"][key]))), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_catalogs_are_fresh(language: str):
    """The committed .mo is what `python -m kiosk.web.catalogs` writes."""
    assert catalogs.catalog_path(language).with_suffix(".mo").read_bytes() == catalogs.compiled(language)


@pytest.mark.parametrize("kind", ScreenKind)
def test_every_screen_has_a_face(kind: ScreenKind):
    """Each kind of screen has a colour, a shape and a headline that are its own."""
    shown = faces.face(panel_view(Screen(kind)))
    assert shown.headline in WORDS["id"]


def test_verdicts_differ_without_colour():
    """Admitted, held and measuring differ in shape, word and sound, not only in colour."""
    views = [panel_view(Screen(kind)) for kind in (ScreenKind.ADMITTED, ScreenKind.HELD, ScreenKind.MEASURING)]
    shown = [faces.face(view) for view in views]
    for part in ("tone", "shape", "headline", "sound"):
        assert len({getattr(one, part) for one in shown}) == 3, part


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("kind", [ScreenKind.ADMITTED, ScreenKind.HELD])
def test_every_reason_has_a_sentence_on_the_panel(kind: ScreenKind, reason: Reason):
    """Whatever the reason, the panel has words, and a held screen says what to do next."""
    shown = faces.face(panel_view(Screen(kind, reasons=(reason,))))
    assert all(sentence in WORDS["id"] for sentence in shown.sentences)
    assert shown.sentences or kind is ScreenKind.ADMITTED


def test_every_hint_is_drawn():
    """A hint that the camera can give has a sentence in the panel's template."""
    template = (templates_folder() / "panel" / "screen.html").read_text()
    assert all(f'"{hint}"' in template for hint in Hint)


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Asia/Jakarta", "07.12 WIB"),
        ("Asia/Pontianak", "07.12 WIB"),
        ("Asia/Makassar", "08.12 WITA"),
        ("Asia/Jayapura", "09.12 WIT"),
        ("UTC", "00.12 UTC"),
    ],
)
def test_times_carry_their_zone(zone: str, text: str):
    """A time is never without the word of its zone, and never in the browser's."""
    assert clock_text(NOW, zone) == text


def test_dates():
    """Dates are written out, in the local day: late evening in London is the next morning in Jayapura."""
    assert date_text(NOW, "Asia/Jakarta", "id") == "Rabu, 10 Juni 2020"
    assert date_text(NOW, "Asia/Jakarta", "en") == "Wednesday, 10 June 2020"
    assert date_text(datetime(2020, 6, 11, 18, 0, tzinfo=UTC), "Asia/Jayapura", "id") == "Jumat, 12 Juni 2020"


def test_what_is_left_in_minutes_and_seconds():
    """Seconds have two digits, minutes as many as they need."""
    assert [countdown_text(seconds) for seconds in (0, 9, 65, 600)] == ["0:00", "0:09", "1:05", "10:00"]


def test_temperatures():
    """A comma in Indonesian, a point in English, one decimal; a guard sees the second one too."""
    assert temperature_text(36.5, "id") == "36,5\N{NO-BREAK SPACE}°C"
    assert temperature_text(36.5, "en") == "36.5\N{NO-BREAK SPACE}°C"
    assert temperature_text(37.0, "id") == "37,0\N{NO-BREAK SPACE}°C"
    assert temperature_text(37.34, "id", finest=True) == "37,34\N{NO-BREAK SPACE}°C"


def test_day_and_night():
    """Screens are light from six to six, local time."""
    hours = [datetime(2020, 6, 10, hour, 0, tzinfo=UTC) for hour in (22, 23, 10, 11)]
    assert [is_day(hour, "Asia/Jakarta") for hour in hours] == [False, True, True, False]


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Siti Rahayu, S.Sos.", "SR"), ("Suharto", "S"), ("dr. Budi Santoso", "BS"), ("🦊 Ayu", "A"), ("🦊", ""), ("", "")],
)
def test_initials(name: str, letters: str):
    """Letters stand for a missing photo; titles and pictures are not letters."""
    assert initials(name) == letters


def test_sounds_are_due_once_a_screen():
    """Drawing the same screen again is silent; the next person's is not."""
    siti = Screen(ScreenKind.ADMITTED, Person("p1", "Siti"), tap())
    again = Screen(ScreenKind.ADMITTED, Person("p1", "Siti"), tap(), hint="located_not_read")
    other = Screen(ScreenKind.ADMITTED, Person("p2", "Budi"), Tap("t2", At(1, NOW), Direction.IN))
    assert faces.sound_key(siti) == faces.sound_key(again) != faces.sound_key(other)


def test_templates_are_found():
    """A checkout and a wheel both find the templates by an absolute path."""
    assert templates_folder().is_absolute()
    assert (templates_folder() / "panel" / "page.html").is_file()
    assert kiosk.__file__
