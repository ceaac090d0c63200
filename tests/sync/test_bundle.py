"""The stick: entries to the server and answers back by hand, as exactly once as over a network."""

import json
import resource
import shutil
import subprocess
import sys

import msgspec
import pytest
from click.testing import CliRunner

from sync import agent
from sync.cli import sync
from sync.identity import KEY_NAME, DeviceKey, Identity, write_identity
from sync.server.cli import central as central_command
from sync.server.documents import read_import
from sync.state import read_link
from tests.sync.making import EPOCH, hashes

DIRECTORY = {"people": [{"id": "P1", "name": "Sri"}], "badges": []}


def run(command, *arguments):
    return CliRunner().invoke(command, [str(each) for each in arguments])


@pytest.fixture
def place(central, make_station, tmp_path, manual_clock):
    """An enrolled door with a journal and no network, and a stick."""
    data = tmp_path / "station"
    data.mkdir()
    key = DeviceKey.create(data / KEY_NAME)
    now = manual_clock.now().claimed_at
    device = central.store.devices.add("Pos", place_id="pos", time_zone="Asia/Jakarta", now=now, public_key=key.public)
    write_identity(
        data,
        Identity(
            device_id=device.id,
            name="Pos",
            place_id="pos",
            site="",
            time_zone="Asia/Jakarta",
            server_url=central.url,
            server_key=central.server_key,
        ),
    )
    return Place(central, make_station(device.id), tmp_path / "stick")


class Place:
    def __init__(self, central, door, stick):
        self.central, self.door, self.stick = central, door, stick
        stick.mkdir()

    @property
    def data(self):
        return self.door.data

    @property
    def bundle(self):
        return next(self.stick.glob("gapura-bundle/*"))

    def export(self):
        return run(sync, "export-bundle", self.stick, "--data", self.data)

    def take(self, *what):
        database = self.central.database.url.render_as_string(hide_password=False)
        return run(central_command, "import-bundle", *(what or (self.stick,)), "--database", database)

    def back(self):
        return run(sync, "import-bundle", self.stick, "--data", self.data)

    def acked(self):
        link = read_link(self.data / "sync.db")
        return link.acked if link else {}

    def stored(self):
        return [row[1] for row in self.central.rows()]


def test_there_and_back(place, manual_clock):
    """Entries go up and answers come back: what the server has is marked, documents are handed over, new entries go next."""
    place.central.store.documents.replace_directory(
        read_import(msgspec.json.encode(DIRECTORY)), now=manual_clock.now().claimed_at
    )
    place.door.taps(1100)
    assert place.export().exit_code == 0
    assert place.acked() == {}, "nothing is marked before the server has answered"
    taken = place.take()
    assert (taken.exit_code, taken.stdout.strip()[:13]) == (0, "1100 stored, ")
    assert place.stored() == hashes(place.door.db)
    assert place.back().exit_code == 0
    assert place.acked() == {EPOCH: 1100}
    assert [path.name for path in (place.data / "inbox").glob("*.json")] == ["directory-1.json"]
    place.door.taps(3)
    shutil.rmtree(place.bundle)
    assert place.export().stdout.startswith("3 entries in 1 files")
    place.take()
    place.back()
    assert place.acked() == {EPOCH: 1103}
    assert place.stored() == hashes(place.door.db)


def test_twice_is_harmless(place):
    """Exporting, taking and bringing back again changes nothing; what is on the stick is not written anew."""
    place.door.taps(600)
    place.export()
    before = {path: path.read_bytes() for path in place.bundle.glob("*.batch")}
    assert "(2 were there before)" in place.export().stdout
    assert {path: path.read_bytes() for path in place.bundle.glob("*.batch")} == before
    place.take()
    assert place.take().stdout.startswith("0 stored, 600 duplicate, ")
    assert place.back().exit_code == place.back().exit_code == 0
    assert place.acked() == {EPOCH: 600}
    assert place.stored() == hashes(place.door.db)


def test_an_interrupted_export_goes_on(place):
    """Whole files of a broken export are kept, the rest is written; a file that has grown is written anew."""
    place.door.taps(1100)
    place.export()
    kept, *others = sorted(place.bundle.glob("*.batch"))
    stamp = kept.stat().st_mtime_ns
    for path in others:
        path.unlink()
    place.door.taps(50)
    assert "1150 entries in 3 files" in place.export().stdout
    assert kept.stat().st_mtime_ns == stamp
    place.take()
    assert place.stored() == hashes(place.door.db)


@pytest.mark.parametrize("where", [0, 30, 400, -1])
def test_a_tampered_batch_is_refused(place, where):
    """A changed byte anywhere: nothing of that file is kept, the others are, and it is said."""
    place.door.taps(600)
    place.export()
    first, _ = sorted(place.bundle.glob("*.batch"))
    content = bytearray(first.read_bytes())
    content[where] ^= 1
    first.write_bytes(content)
    taken = place.take()
    assert taken.exit_code == 1
    assert first.name in taken.stderr
    assert len(place.stored()) == 100


def test_words_that_nobody_signed_change_nothing(place):
    """A changed epoch or count in a file's head does not mark anything wrong: the request and the answer say their own."""
    place.door.taps(3)
    place.export()
    path = next(place.bundle.glob("*.batch"))
    path.write_bytes(path.read_bytes().replace(b'"epoch":"ab', b'"epoch":"cd').replace(b'"last":3', b'"last":9'))
    assert place.take().exit_code == place.back().exit_code == 0
    assert place.acked() == {EPOCH: 3}


def test_a_file_that_is_cut_or_gone(place):
    """What the manifest names and the stick lacks is named; a torn file is refused."""
    place.door.taps(1100)
    place.export()
    first, second, _ = sorted(place.bundle.glob("*.batch"))
    first.write_bytes(first.read_bytes()[:200])
    second.unlink()
    taken = place.take()
    assert taken.exit_code == 1
    assert first.name in taken.stderr
    assert second.name in taken.stderr
    assert len(place.stored()) == 100


def test_a_stranger_and_a_revoked_door_are_refused(place, manual_clock):
    """Only doors that are known and may report are taken from."""
    place.door.taps(2)
    place.export()
    path = next(place.bundle.glob("*.batch"))
    content = path.read_bytes()
    path.write_bytes(content.replace(place.door.journal.origin.device_id.encode(), b"feedfacefeedface"))
    assert place.take().exit_code == 1
    path.write_bytes(content)
    place.central.store.devices.revoke(place.door.journal.origin.device_id, now=manual_clock.now().claimed_at)
    taken = place.take(path)
    assert (taken.exit_code, "revoked" in taken.stderr) == (1, True)
    assert place.stored() == []


@pytest.mark.parametrize("where", [0, 40, 200, -1])
def test_a_tampered_answer_is_refused(place, where):
    """A changed byte in an answer marks nothing."""
    place.door.taps(2)
    place.export()
    place.take()
    path = next(place.bundle.glob("answers/*.answer"))
    content = bytearray(path.read_bytes())
    content[where] ^= 1
    path.write_bytes(content)
    done = place.back()
    assert (done.exit_code, path.name in done.stderr) == (1, True)
    assert place.acked() == {}


def test_answers_for_another_station_are_refused(place, make_station):
    """Neither another door's answers nor those for another history of this door mark anything."""
    place.door.taps(2)
    place.export()
    place.take()
    other = make_station(place.door.journal.origin.device_id, name="other")
    other.taps(2, note="another history")
    for name in (KEY_NAME, "identity.json"):
        shutil.copy2(place.data / name, other.data / name)
    done = run(sync, "import-bundle", place.stick, "--data", other.data)
    assert (done.exit_code, "not this journal's" in done.stderr) == (1, True)
    known = json.loads((other.data / "identity.json").read_text())
    (other.data / "identity.json").write_text(json.dumps(known | {"device_id": "feedfacefeedface"}))
    done = run(sync, "import-bundle", place.bundle, "--data", other.data)
    assert (done.exit_code, "another station" in done.stderr) == (1, True)
    assert read_link(other.data / "sync.db").acked == {}


def test_tampered_documents_are_refused(place, manual_clock):
    """A staff list that the server did not sign is not handed over; the answers are taken all the same."""
    place.central.store.documents.replace_directory(
        read_import(msgspec.json.encode(DIRECTORY)), now=manual_clock.now().claimed_at
    )
    place.door.taps(2)
    place.export()
    place.take()
    path = place.bundle / "answers" / "documents.json"
    path.write_bytes(path.read_bytes().replace(b"Sri", b"Eve"))
    assert place.back().exit_code == 1
    assert place.acked() == {EPOCH: 2}
    assert not list((place.data / "inbox").glob("*.json"))


def test_a_full_stick(place):
    """A stick that is full leaves no half file, says so in a sentence, and the next try goes on."""
    place.door.taps(1100)
    script = "import sys\nfrom sync.cli import sync\nsync()"
    done = subprocess.run(
        [sys.executable, "-c", script, "export-bundle", str(place.stick), "--data", str(place.data)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)),
    )
    assert done.returncode == 1
    assert "free some space" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in place.bundle.iterdir()] == []
    assert place.export().exit_code == 0
    assert place.take().stdout.startswith("1100 stored")


def test_a_busy_station_and_an_empty_stick(place, tmp_path):
    """While the agent runs, answers are not marked behind its back; a stick without answers is named."""
    place.door.taps(1)
    place.export()
    assert "no answers" in place.back().stderr
    place.take()
    with agent.agent_lock(place.data):
        done = place.back()
    assert (done.exit_code, "already running" in done.stderr) == (1, True)
    assert place.take(tmp_path / "station").exit_code == 1
    assert place.acked() == {}
