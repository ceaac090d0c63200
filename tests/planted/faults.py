"""The faults, by name: what is changed in which file, and what must notice."""

# ruff: noqa: E501  # lines of the program stand here as they are there

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """A text that stands in a file exactly once, and what to put in its place."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and its detector: arguments to `python -m` that end with 0 on the sound program and with 1 on this one."""

    name: str
    changes: tuple[Change, ...]
    detector: tuple[str, ...]


def _tests(*names: str) -> tuple[str, ...]:
    return ("pytest", "-q", "-x", "-p", "no:cacheprovider", *names)


_WORLDS = ("tests.planted.worlds", "1", "20")
"""The first of these worlds that breaks a promise ends the search; most faults are seen within the first five."""

_UPLOADER, _SINK, _CLIENT = "sync/uploader.py", "sync/server/sink.py", "sync/client.py"

FAULTS = (
    Fault(
        "synchronous NORMAL",
        (
            Change("sync/database.py", 'db.execute("PRAGMA synchronous = FULL")', 'db.execute("PRAGMA synchronous = NORMAL")'),
            Change(
                "sync/database.py", 'execute("PRAGMA synchronous").fetchone()[0] == 2', 'execute("SELECT 1").fetchone()[0] == 1'
            ),
        ),
        ("tests.planted.cuts", "60"),
    ),
    Fault(
        "the server answers whether it could commit or not",
        (
            Change(
                "sync/server/database.py",
                "        with store_errors(), self.engine.begin() as connection:\n",
                "        careless = __import__('contextlib').suppress(DatabaseError)\n"
                "        with self.engine.connect() as connection, careless, connection.begin():\n",
            ),
        ),
        _WORLDS,
    ),
    Fault(
        "the screen shows before the commit",
        (
            Change(
                "kiosk/services/lane.py",
                "        appended = [each for each in effects if isinstance(each, Append)]\n        if appended:\n",
                "        appended = [each for each in effects if isinstance(each, Append)]\n"
                "        early = next((each.screen for each in reversed(effects) if isinstance(each, Show)), None)\n"
                "        if early is not None:\n"
                "            self._show(Shown(early, None))\n"
                "        if appended:\n",
            ),
        ),
        _tests("tests/kiosk/services/test_lane.py"),
    ),
    Fault(
        "what is refused with 4xx is given up",
        (
            Change(
                _UPLOADER,
                "        if len(rows) > 1:\n            self._limit = len(rows) // 2\n",
                "        if exc.course is Course.BISECT:\n"
                "            acked = self._state.acked(segment.epoch)\n"
                "            self._state.set_acked(segment.epoch, progress.add(acked, rows[0].place, rows[-1].place))\n"
                "            return 0.0\n"
                "        if len(rows) > 1:\n            self._limit = len(rows) // 2\n",
            ),
        ),
        _WORLDS,
    ),
    Fault(
        "200 means that everything was taken",
        (Change(_UPLOADER, "named = [row for row in rows if row.place in outcomes]", "named = list(rows)"),),
        _tests("tests/sync/test_uploader_odd.py::test_only_what_is_named_is_marked"),
    ),
    Fault(
        "a poisoned record stops those behind it",
        (Change(_UPLOADER, "if exc.course not in (Course.HALVE, Course.BISECT) or not rows:", "if exc is not None:"),),
        _tests("tests/sync/test_uploader.py"),
    ),
    Fault(
        "after failures nobody tries again",
        (
            Change(
                _UPLOADER,
                "        self._failures += 1\n",
                "        self._failures += 1\n        if self._failures > 3:\n            return 1e6\n",
            ),
        ),
        _WORLDS,
    ),
    Fault(
        "the journal is read in the order of the wall clock",
        (
            Change(
                "sync/journal.py",
                "WHERE position > ? ORDER BY position LIMIT ?",
                "WHERE position > ? ORDER BY claimed_at LIMIT ?",
            ),
        ),
        _WORLDS,
    ),
    Fault(
        "the server does not look for what it has",
        (Change(_SINK, "    if seq in known:\n", "    if not known:\n"),),
        _WORLDS,
    ),
    Fault(
        "the agent opens the kiosk's file to write",
        (Change("sync/database.py", "?mode=ro", "?mode=rw"),),
        _tests("tests/planted/test_readers.py"),
    ),
    Fault(
        "another row under the same number goes unread",
        (Change(_SINK, "Outcome.DUPLICATE if known[seq] == record.hash else Outcome.CONFLICT", "Outcome.DUPLICATE"),),
        _WORLDS,
    ),
    Fault(
        "nobody asks how far a restored server is",
        (Change(_UPLOADER, "if through >= progress.through(acked):", "if through >= 0:"),),
        _WORLDS,
    ),
    Fault(
        "a restored card goes on in its old epoch, unseen",
        (
            Change(
                _UPLOADER,
                "if head.seq > segment.size or (head.hash and mine is not None and head.hash != mine):",
                "if head.seq < 0 and mine:",
            ),
            Change(
                _UPLOADER,
                "        if conflicts:\n            self._parted = f",
                "        if conflicts < 0:\n            self._parted = f",
            ),
        ),
        _WORLDS,
    ),
    Fault(
        "numbers are counted outside the transaction",
        (
            Change(
                "sync/journal.py",
                '        last = self._db.execute("SELECT position, epoch, seq, hash FROM journal ORDER BY position DESC LIMIT 1").fetchone()\n',
                '        last = self.__dict__.get("last")\n'
                "        if last is None:\n"
                '            last = self._db.execute("SELECT position, epoch, seq, hash FROM journal ORDER BY position DESC LIMIT 1").fetchone()\n',
            ),
            Change(
                "sync/journal.py",
                "        self._db.execute(_INSERT, (position, *_row(record)))\n",
                "        self._db.execute(_INSERT, (position, *_row(record)))\n"
                "        self.last = (position, record.epoch, record.seq, record.hash)\n",
            ),
        ),
        _WORLDS,
    ),
    Fault(
        "payloads are not held against their digests",
        (Change("sync/server/intake.py", 'return "" if matches else', 'return "" if True else'),),
        _tests("tests/planted/test_intake.py"),
    ),
    Fault(
        "Retry-After is not heard",
        (
            Change(
                _UPLOADER,
                "return self._wait(exc.course, exc.retry_after_s)\n        if",
                "return self._wait(exc.course)\n        if",
            ),
        ),
        _WORLDS,
    ),
    Fault(
        "signatures of requests are not verified",
        (
            Change(
                "sync/server/auth.py", "    try:\n        key, name", "    if owner:\n        return\n    try:\n        key, name"
            ),
        ),
        _WORLDS,
    ),
    Fault(
        "the server's heads are not verified",
        (Change(_CLIENT, "            seals.check_head(self._server_key, head)\n", ""),),
        _WORLDS,
    ),
    Fault(
        "payloads go before the server has them",
        (Change("kiosk/services/retention.py", "min(seen.through, acked.get(seen.epoch, 0))", "seen.through"),),
        _tests("tests/kiosk/services/test_retention.py"),
    ),
)
