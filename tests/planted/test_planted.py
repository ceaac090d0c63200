"""Each planted fault is caught by its detector, and the sound program passes them all."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.counting import Counts
from tests.planted.faults import FAULTS, Fault
from tests.planted.planting import DoesNotApply, compile_all, copy_to, detect, linked_to, plant
from tests.planted.room_faults import ROOM_FAULTS

ALL = (*FAULTS, *ROOM_FAULTS)

Ran = dict[object, Future[tuple[int, str]]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Every detector on the sound program and on its fault, two at a time."""
    root = tmp_path_factory.mktemp("planted")
    sound = copy_to(root / "sound")
    compile_all(sound)

    def damaged(number: int, fault: Fault) -> tuple[int, str]:
        copy = linked_to(sound, root / str(number))
        try:
            plant(copy, fault)
        except DoesNotApply as exc:
            return 3, str(exc)
        return detect(copy, fault.detector)

    with ThreadPoolExecutor(2) as pool:
        found: Ran = {detector: pool.submit(detect, sound, detector) for detector in {each.detector for each in ALL}}
        for number, fault in enumerate(ALL):
            found[fault.name] = pool.submit(damaged, number, fault)
        yield found


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.name)
def test_a_planted_fault_is_caught(fault: Fault, ran: Ran, counts: Counts) -> None:
    """The detector finds the fault, and nothing in the sound program."""
    code, said = ran[fault.detector].result()
    assert code == 0, f"the detector fails on the sound program: {said}"
    code, said = ran[fault.name].result()
    counts.add("planted", planted=1, caught=code == 1)
    assert code == 1, f"not caught ({code}): {said}"
    if fault in ROOM_FAULTS:
        counts.notes.append(f"planted: {fault.name}: {said.strip()}")


def test_there_are_enough_and_each_has_its_own_name() -> None:
    """At least fourteen faults of the journal's way to the server and fourteen of rooms, no name twice."""
    names = [fault.name for fault in ALL]
    assert len(names) == len(set(names))
    assert min(len(FAULTS), len(ROOM_FAULTS)) >= 14


def test_a_text_that_is_gone_is_an_error(tmp_path: Path) -> None:
    """A fault whose text is no longer in the program fails the run instead of being passed over."""
    copy_to(tmp_path)
    plant(tmp_path, FAULTS[0])
    with pytest.raises(DoesNotApply, match="0 times"):
        plant(tmp_path, FAULTS[0])
