import threading
from concurrent.futures import ThreadPoolExecutor

from kiosk.services.broadcast import Broadcast


def test_first_value_is_given_at_once():
    """A screen that has just connected is drawn without waiting for a change."""
    with Broadcast("now").subscribe() as ear:
        assert ear.next(0) == "now"


def test_nothing_new_is_none_after_the_timeout():
    """A quiet hall gives None, and the value is not told twice."""
    with Broadcast(1).subscribe() as ear:
        assert [ear.next(0), ear.next(0.01)] == [1, None]


def test_newest_wins():
    """A slow screen skips what is over, and never goes back."""
    stream = Broadcast(0)
    with stream.subscribe() as ear:
        for number in range(1, 6):
            stream.publish(number)
        assert [ear.next(0), ear.next(0)] == [5, None]
        assert stream.current() == 5


def test_an_equal_value_is_still_news():
    """Publishing the same value again reaches the screens: a sound may hang on it."""
    stream = Broadcast("held")
    with stream.subscribe() as ear:
        ear.next(0)
        stream.publish("held")
        assert ear.next(0) == "held"


def test_every_waiting_ear_hears_at_once():
    """Everybody who waits is woken by one publish."""
    stream, ready = Broadcast("before"), threading.Barrier(5)

    def listen() -> str | None:
        with stream.subscribe() as ear:
            ear.next(0)
            ready.wait(5)
            return ear.next(5)

    with ThreadPoolExecutor(4) as pool:
        heard = [pool.submit(listen) for _ in range(4)]
        ready.wait(5)
        stream.publish("after")
        assert [one.result(5) for one in heard] == ["after"] * 4


def test_leaving_ends_the_wait():
    """A browser that is gone does not keep a thread until its timeout."""
    stream = Broadcast(0)
    ear = stream.subscribe()
    ear.next(0)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ear.next, 30)
        ear.close()
        assert waiting.result(5) is None
    ear.close()


def test_closing_the_stream_ends_every_wait():
    """Shutting down wakes every screen, and nobody waits on a closed stream."""
    stream = Broadcast(0)
    with stream.subscribe() as ear, ThreadPoolExecutor(1) as pool:
        ear.next(0)
        waiting = pool.submit(ear.next, 30)
        stream.close()
        assert waiting.result(5) is None
        assert ear.next(30) is None


def test_many_publishers_lose_no_last_word():
    """Whatever the threads do, an ear ends with what `current()` says."""
    stream = Broadcast(-1)
    with stream.subscribe() as ear, ThreadPoolExecutor(4) as pool:
        list(pool.map(stream.publish, range(500)))
        last = None
        while (value := ear.next(0)) is not None:
            last = value
        assert last == stream.current()


def test_a_bell_rings_at_every_change():
    """Who waits for several streams at once hears of each change and of the end, until they leave."""
    stream, bell = Broadcast(0), threading.Event()
    ear = stream.subscribe(bell)
    assert not bell.is_set()
    for change in (lambda: stream.publish(1), stream.close):
        change()
        assert bell.is_set()
        bell.clear()
    ear.close()
    stream.publish(2)
    assert not bell.is_set()
