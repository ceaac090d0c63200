"""Ships the journal to the server, oldest rows first, and marks exactly what the server names.

Nothing is deleted, whatever the answer. A row that stands in the way is sent in an envelope, and at worst set aside in memory and
tried again once the others are through, so that it holds up none of them.
"""

import logging
from collections.abc import Callable

from sync import backoff, progress
from sync.backlog import Backlog, Segment, Waiting, quoted
from sync.backoff import Course
from sync.client import LinkError, Refused, ServerClient, Unreachable
from sync.clock import Clock
from sync.database import DatabaseError
from sync.protocol.digest import GENESIS
from sync.protocol.wire import MAX_BATCH_BYTES, MAX_BATCH_RECORDS, Answer, Outcome, SignedHead
from sync.state import Channel, Problem, SyncState

_log = logging.getLogger(__name__)

IDLE_S = 0.5
"""How often an idle uploader looks for new rows."""
ASK_EVERY_S = 600.0
"""How often it asks how far the server is: that may have been restored from an old copy, and then it has lost rows."""

_MAX_SET_ASIDE = 100
_BATCH_HEADROOM_BYTES = 1024


class Uploader:
    """One `step()` sends at most one batch and says how many seconds to wait before the next.

    `new_epoch` asks the kiosk for another epoch, given the one that goes on and a reason. `chance` gives even values over [0, 1)
    for the jitter. `clock` says when to ask. `retry_cap_s` bounds the pause after a lost connection. `on_rooms` is told the
    version of what the server knows of rooms after an upload.
    """

    def __init__(
        self,
        backlog: Backlog,
        state: SyncState,
        client: ServerClient,
        *,
        new_epoch: Callable[[str, str], None],
        chance: Callable[[], float],
        clock: Clock,
        retry_cap_s: float = 60.0,
        on_rooms: Callable[[int], object] = lambda _version: None,
    ) -> None:
        self._backlog, self._state, self._client, self._new_epoch = backlog, state, client, new_epoch
        self._on_rooms = on_rooms
        self._chance, self._clock, self._retry_cap_s = chance, clock, retry_cap_s
        self._failures = 0
        self._limit = MAX_BATCH_RECORDS
        self._alone = False
        self._compared: set[str] = set()
        self._doubted: set[str] = set()
        self._due: set[str] = set()
        self._rewound: dict[str, int] = {}
        self._set_aside: set[tuple[str, int]] = set()
        self._suspects: set[tuple[str, int]] = set()
        self._journal_lost = False
        self._parted = ""
        self._asked_ns = clock.now().mono_ns
        self._drained: tuple[object, ...] | None = None

    def step(self) -> float:
        """Send one batch if rows wait. Never raises for what the server, the network or the journal does.

        Raises:
            DatabaseError: sync.db cannot be written.
        """
        try:
            stamp = self._backlog.stamp()
            if stamp == self._drained and not self._set_aside and not self._is_time_to_ask():
                return IDLE_S
            found = self._next()
        except DatabaseError as exc:
            return self._no_journal(exc)
        self._say_journal_is_back()
        if found is None:
            return self._rest(stamp)
        try:
            return self._send(*found)
        except LinkError as exc:
            return self._failed(exc, found[0], found[1])

    def _is_time_to_ask(self) -> bool:
        """Now and then a station that has nothing to send asks how far the server is: it may have been restored meanwhile."""
        now_ns = self._clock.now().mono_ns
        if now_ns - self._asked_ns < ASK_EVERY_S * 1e9:
            return False
        self._asked_ns = now_ns
        self._due = {segment.epoch for segment in self._backlog.segments()}
        self._compared -= self._due
        self._drained = None
        return True

    def _next(self) -> tuple[Segment, list[Waiting]] | None:
        """The oldest rows that wait, of one epoch, as many as may go together."""
        segments = self._backlog.segments()
        if segments and segments[-1].device_id != self._client.device_id:
            self._new_epoch(segments[-1].epoch, "enrolled")
        for segment in segments:
            if self._is_asked_first(segment):
                return segment, []
            acked = self._state.acked(segment.epoch)
            skipped = acked
            for epoch, place in self._set_aside:
                if epoch == segment.epoch:
                    skipped = progress.add(skipped, place, place)
            rows = self._rows(segment, skipped)
            if rows:
                return segment, rows
        return None

    def _is_asked_first(self, segment: Segment) -> bool:
        # What was reported under a name of before has nobody who adds to it, and so no answer that tells of a loss.
        is_unasked = not self._is_ours(segment) and segment.epoch not in self._compared
        return is_unasked or segment.epoch in self._doubted or segment.epoch in self._due

    def _rows(self, segment: Segment, skipped: progress.Acked) -> list[Waiting]:
        chosen: list[Waiting] = []
        room = MAX_BATCH_BYTES - _BATCH_HEADROOM_BYTES
        for first, last in progress.gaps(skipped, segment.size):
            found = self._backlog.rows(segment, first, last, limit=self._limit - len(chosen), room=room)
            room -= sum(len(row.encoded) + 1 for row in found)
            if chosen and room < 0:
                break
            chosen += found
            if len(chosen) >= self._limit:
                break
        return chosen

    def _no_journal(self, exc: DatabaseError) -> float:
        if not self._journal_lost:
            self._journal_lost = True
            _log.warning("nothing can be uploaded: %s", exc)
        return self._wait(Course.RETRY)

    def _say_journal_is_back(self) -> None:
        if self._journal_lost:
            self._journal_lost = False
            _log.info("the journal can be read")

    def _rest(self, stamp: tuple[object, ...]) -> float:
        if not self._set_aside:
            self._drained = stamp
            return IDLE_S
        self._state.report(Channel.UPLOAD, Problem.SET_ASIDE, self._aside_words())
        self._set_aside.clear()
        return self._wait(Course.RETRY_SLOWLY)

    def _aside_words(self) -> str:
        return f"{len(self._suspects)} entries that the server does not take"

    def _send(self, segment: Segment, rows: list[Waiting]) -> float:
        if segment.epoch not in self._compared:
            self._compare(segment, self._client.cursor(segment.epoch, segment.device_id).head)
            self._doubted.discard(segment.epoch)
            self._due.discard(segment.epoch)
        if not rows:
            return 0.0
        parts = [quoted(rows[0])] if self._alone else [row.encoded for row in rows]
        answer = self._client.upload(segment.epoch, parts)
        return self._take(segment, rows, answer)

    def _compare(self, segment: Segment, head: SignedHead) -> None:
        """Check that the server's copy of this epoch is a part of ours; forget what it has lost.

        Where it is not, rows must not go on in this epoch, and none of it is sent while they do. Behind its end the rest is sent:
        the server keeps what is another than its own beside it, as conflicts.
        """
        mine = self._backlog.hash_at(segment, head.seq) if head.seq else GENESIS
        acked = self._state.acked(segment.epoch)
        if head.seq > segment.size or (head.hash and mine is not None and head.hash != mine):
            self._compared_apart(segment, head.seq, acked)
        elif self._has_lost(segment.epoch, acked, head.seq):
            self._state.set_acked(segment.epoch, progress.cut(acked, head.seq))
            self._doubt_others(segment)
        self._compared.add(segment.epoch)

    def _compared_apart(self, segment: Segment, seq: int, acked: progress.Acked) -> None:
        newest = self._backlog.segments()[-1].epoch
        if segment.epoch != newest and segment.epoch not in self._doubted and progress.through(acked) >= segment.size:
            return  # It ended like that, and all of it was sent.
        # Under a name of before there is nobody to alarm: the card was enrolled anew since.
        if self._is_ours(segment):
            self._parted = f"epoch {segment.epoch}: the server's row {seq} is not ours; this card was copied, restored or changed"
            if self._part_ways(segment):
                raise Refused(Problem.DIVERGED, Course.KEEP_AND_ALARM, self._parted)
        self._state.set_acked(segment.epoch, ())  # which of our rows it keeps beside its own cannot be asked

    def _is_ours(self, segment: Segment) -> bool:
        return segment.device_id == self._client.device_id

    def _doubt_others(self, segment: Segment) -> None:
        """A server that lost rows of one epoch was restored: ask how far it is in the others too, the finished ones as well."""
        self._doubted |= {each.epoch for each in self._backlog.segments() if each != segment}
        self._compared -= self._doubted

    def _part_ways(self, segment: Segment) -> bool:
        """Ask for a new epoch if this one still goes on; True if it does."""
        newest = self._backlog.segments()[-1]
        if newest.epoch == segment.epoch:
            self._new_epoch(segment.epoch, "diverged")
        return newest.epoch == segment.epoch

    def _take(self, segment: Segment, rows: list[Waiting], answer: Answer) -> float:
        """Mark what the answer names, and nothing else."""
        outcomes = {result.seq: result.outcome for result in answer.results}
        named = self._named(segment, rows, outcomes, answer.head)
        acked = self._state.acked(segment.epoch)
        # Conflicting rows are kept there beside the chain, so its watermark says nothing about them.
        conflicts = Outcome.CONFLICT in outcomes.values()
        has_lost = not conflicts and self._is_ours(segment) and self._has_lost(segment.epoch, acked, answer.accepted_through)
        if has_lost:
            self._doubt_others(segment)
            acked = progress.cut(acked, answer.accepted_through)
        for row in named:
            # From behind the row before it: where the journal itself lacks a row, nothing is left to wait for.
            acked = progress.add(acked, row.after + 1, row.place)
            self._suspects.discard((segment.epoch, row.place))
        self._state.set_acked(segment.epoch, acked, answer.head)
        self._alone = False
        self._limit = min(MAX_BATCH_RECORDS, max(1, answer.max_batch), self._limit + max(1, self._limit // 4))
        for row in rows:
            if row.place not in outcomes:
                self._put_aside(segment, row)
        self._report(segment, outcomes, answer)
        if has_lost:
            return self._wait(Course.RETRY_SLOWLY)
        self._failures = 0
        self._on_rooms(answer.rooms)
        return max(0.0, min(answer.retry_after_s or 0.0, backoff.RETRY_AFTER_CAP_S))

    def _named(self, segment: Segment, rows: list[Waiting], outcomes: dict[int, Outcome], head: SignedHead) -> list[Waiting]:
        """Those of the rows that an answer names, which must be about them."""
        named = [row for row in rows if row.place in outcomes]
        if not named:
            if self._alone:
                self._put_aside(segment, rows[0])
            raise Unreachable(Problem.UNREADABLE_ANSWER, Course.RETRY_SLOWLY, "the answer names none of the rows that were sent")
        there = {row.place: row.hash for row in named if outcomes.get(row.place) in (Outcome.STORED, Outcome.DUPLICATE)}
        if head.hash and there.get(head.seq, head.hash) != head.hash:
            raise Unreachable(Problem.UNREADABLE_ANSWER, Course.RETRY_SLOWLY, "the answer is about other rows than were sent")
        return named

    def _has_lost(self, epoch: str, acked: progress.Acked, through: int) -> bool:
        """Whether the server was restored. Believed once while it stands at one mark: a row that our own journal lacks stays
        missing however often the others are sent.
        """
        if self._rewound.get(epoch) == through:
            return False
        self._rewound.pop(epoch, None)  # It has moved on since, and may be set back to where it was.
        if through >= progress.through(acked):
            return False
        self._rewound[epoch] = through
        _log.warning("the server has lost rows behind %d of epoch %s; sending them again", through, epoch)
        return True

    def _report(self, segment: Segment, outcomes: dict[int, Outcome], answer: Answer) -> None:
        conflicts = sum(outcome is Outcome.CONFLICT for outcome in outcomes.values())
        problem, detail = None, ""
        if conflicts:
            self._parted = f"the server holds other rows under {conflicts} numbers of epoch {segment.epoch}"
            self._part_ways(segment)
        if self._parted:
            # Stays until the agent is started again: two stations may be using one key, and somebody must look.
            problem, detail = Problem.DIVERGED, self._parted
        elif self._suspects:
            problem, detail = Problem.SET_ASIDE, self._aside_words()
        self._state.report(Channel.UPLOAD, problem, detail, server_time=answer.server_time)

    def _failed(self, exc: LinkError, segment: Segment, rows: list[Waiting]) -> float:
        if exc.course not in (Course.HALVE, Course.BISECT) or not rows:
            self._state.report(Channel.UPLOAD, exc.problem, str(exc))
            return self._wait(exc.course, exc.retry_after_s)
        if len(rows) > 1:
            self._limit = len(rows) // 2
            return 0.0
        if not self._alone:
            self._alone, self._limit = True, 1
            return 0.0
        # Not even the envelope: it is not this row's content. Others may fare better, but slowly, or a server that
        # refuses everything would be asked for ever without a pause.
        self._put_aside(segment, rows[0])
        self._state.report(Channel.UPLOAD, Problem.SET_ASIDE, f"row {rows[0].place} of epoch {segment.epoch}: {exc}")
        return self._wait(Course.RETRY_SLOWLY, exc.retry_after_s)

    def _put_aside(self, segment: Segment, row: Waiting) -> None:
        if len(self._suspects) >= _MAX_SET_ASIDE:
            self._suspects.clear()
            self._set_aside.clear()
        self._alone = False
        self._suspects.add((segment.epoch, row.place))
        self._set_aside.add((segment.epoch, row.place))

    def _wait(self, how: Course, retry_after_s: float | None = None) -> float:
        self._failures += 1
        cap_s = self._retry_cap_s if how is Course.RETRY else None
        return backoff.delay_s(self._failures, how, self._chance(), cap_s=cap_s, retry_after_s=retry_after_s)
