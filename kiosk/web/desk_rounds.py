"""The rounds of a room: counting heads, closing time, the opening checklist, and files that were handed over."""

from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from kiosk.core.duties import Duty
from kiosk.services.room_views import CHECKLIST_ITEMS, RoomsView, RoomView
from kiosk.web import desk_view
from kiosk.web.access import needs, signed_in
from kiosk.web.context import rooms
from kiosk.web.desk_parts import (
    LONGEST_NAME,
    MOST_PEOPLE,
    asked_room,
    one_line,
    said,
    sent_to,
    to_desk,
    whole_number,
    whole_page,
)
from sync.protocol.rooms import ServiceMode

desk_rounds = Blueprint("desk_rounds", __name__, url_prefix="/desk")


@dataclass(frozen=True, slots=True)
class _Counted:
    """A head count as it stands in the form. `kept` are visits that were ticked, `others` people without a number."""

    kept: tuple[str, ...] = ()
    others: int | None = 0
    shut: frozenset[str] = frozenset()


@desk_rounds.get("/count")
@needs(Duty.RUN_ROOM)
def counting() -> str:
    """The numbers inside, to be ticked one by one."""
    view, room = asked_room()
    return _counting(view, room, _Counted())


@desk_rounds.post("/count")
@needs(Duty.RUN_ROOM, acting=True)
def count() -> AnyResponse | str:
    """What would be true after this count, stated; and once somebody is sure of it, the count itself."""
    view, room = asked_room()
    counted = _counted(room)
    problem = _wrong(room, counted)
    if problem or counted.others is None:
        flash(str(gettext(problem)), "problem")
        return _counting(view, room, counted)
    if request.form.get("sure") != "yes":
        return _counting(view, room, counted, "count_sure")
    done = rooms().count(room.room.id, counted.kept, counted.others, doors_are_shut=True, by=signed_in())
    return to_desk(done, room.room.id)


@desk_rounds.get("/sweep")
@needs(Duty.RUN_ROOM)
def sweeping() -> str:
    """Who is still inside, and the question whether they have gone."""
    view, room = asked_room()
    return render_template("desk/sweep.html", mark=desk_view.list_mark(room), **whole_page(view, room))


@desk_rounds.post("/sweep")
@needs(Duty.RUN_ROOM, acting=True)
def sweep() -> AnyResponse:
    """Closing time. Only for the list that was shown: who came in since then is not swept out unseen."""
    _, room = asked_room()
    if request.form.get("list") != desk_view.list_mark(room):
        return sent_to("desk_rounds.sweeping", "desk.list_changed", room=room.room.id)
    return to_desk(rooms().sweep(room.room.id, by=signed_in()), room.room.id)


@desk_rounds.get("/checklist")
@needs(Duty.RUN_ROOM)
def checklist() -> str:
    """What must be at the door before it opens."""
    view, room = asked_room()
    return render_template("desk/checklist.html", items=CHECKLIST_ITEMS, **whole_page(view, room))


@desk_rounds.post("/checklist")
@needs(Duty.RUN_ROOM, acting=True)
def check() -> AnyResponse:
    """What was there; the rest is missing."""
    _, room = asked_room()
    there = set(request.form.getlist("there"))
    missing = tuple(item for item in CHECKLIST_ITEMS if item not in there)
    return to_desk(rooms().check(room.room.id, missing, by=signed_in()), room.room.id)


@desk_rounds.get("/files")
@needs(Duty.RUN_ROOM)
def files() -> str:
    """Files that were handed over, those that nobody has taken first."""
    view = rooms().view()
    room = desk_view.chosen(view, request.args.get("room", ""))
    names = {each.service.id: each.service for each in view.services}
    services = [each.service for each in view.services if each.mode is ServiceMode.DROP_OFF]
    drop_offs = sorted(view.drop_offs, key=lambda each: each.accepted_at is not None)
    more = {"services": services, "names": names, "drop_offs": drop_offs, "longest_name": LONGEST_NAME}
    return render_template("desk/files.html", **more, **whole_page(view, room))


@desk_rounds.post("/files")
@needs(Duty.RUN_ROOM, acting=True)
def hand_over() -> AnyResponse:
    """A file is handed over at the desk."""
    service_id = request.form.get("service", "")
    if service_id not in {each.service.id for each in rooms().view().services}:
        abort(400)
    done = rooms().drop_off(service_id, one_line(request.form.get("name", ""), LONGEST_NAME))
    flash(said(done), "good" if done.ok else "problem")
    return redirect(url_for("desk_rounds.files"), 303)


@desk_rounds.post("/files/<receipt>")
@needs(Duty.RUN_ROOM, acting=True)
def accept(receipt: str) -> AnyResponse:
    """The officer has the file."""
    done = rooms().accept(receipt, by=signed_in())
    flash(said(done), "good" if done.ok else "problem")
    return redirect(url_for("desk_rounds.files"), 303)


def _counted(room: RoomView) -> _Counted:
    form, marks = request.form, set(request.form.getlist("k"))
    return _Counted(
        kept=tuple(each.visit_id for each in room.visits if desk_view.mark_of(each.visit_id) in marks),
        others=whole_number(form.get("others", "") or "0", MOST_PEOPLE),
        shut=frozenset(form.getlist("shut")),
    )


def _wrong(room: RoomView, counted: _Counted) -> str:
    """The msgid of what keeps this count from being one; empty if nothing does."""
    if request.form.get("list") != desk_view.list_mark(room):
        return "desk.list_changed"
    if counted.others is None:
        return "desk.others_wrong"
    return "" if counted.shut.issuperset(desk_view.doors_to_shut(room)) else "room.said.doors_not_shut"


def _counting(view: RoomsView, room: RoomView, counted: _Counted, template: str = "count") -> str:
    people = desk_view.counted_people(room, counted.kept, counted.others or 0)
    return render_template(
        f"desk/{template}.html",
        counted=counted,
        mark=desk_view.list_mark(room),
        mark_of=desk_view.mark_of,
        people=people,
        places=max(0, room.room.max_people - people),
        over=max(0, people - room.room.max_people),
        gone=[each for each in room.visits if each.visit_id not in set(counted.kept)],
        doors=desk_view.doors_to_shut(room),
        **whole_page(view, room),
    )
