"""Joining: a station with a code and a key of its own becomes a device; every other way in is shut. Over real HTTP."""

import json
import os
import threading
from contextlib import closing

import msgspec
import pytest
import requests
from click.testing import CliRunner

from sync import agent, settings
from sync.cli import enrol_command, sync
from sync.client import RequestSigner, ServerClient, ServerLink
from sync.clock import ManualClock, SystemClock
from sync.enrol import EnrolmentRefused, enrol
from sync.identity import KEY_NAME, DeviceKey, read_identity
from sync.protocol import seals
from sync.protocol.wire import Enrolment
from sync.server.enrolments import BATCH_LIFE, SINGLE_LIFE, TRIES_AN_ADDRESS
from sync.state import newest_head
from tests.sync.served import Reply, playing


@pytest.fixture
def new_code(central, manual_clock):
    """Makes codes at the server."""

    def new(**more):
        made = {"place_id": "hall", "time_zone": "Asia/Makassar", "now": manual_clock.now(), "site": "setda"} | more
        return central.store.enrolments.new("Pintu barat", **made)

    return new


@pytest.fixture
def join(central, tmp_path, manual_clock):
    """Enrols a station's folder."""
    return lambda code, name="kiosk", **more: enrol(tmp_path / name, central.url, code, manual_clock, **more)


def test_a_station_joins(central, join, new_code, tmp_path):
    """It gets its name and place, keeps the server's key, and may ask as that device from then on."""
    _, code = new_code()
    made = join(code)
    assert (made.name, made.place_id, made.site, made.time_zone) == ("Pintu barat", "hall", "setda", "Asia/Makassar")
    assert (made.server_key, made.server_url) == (central.server_key, central.url)
    assert read_identity(tmp_path / "kiosk") == made
    assert central.store.devices.find(made.device_id).public_key == DeviceKey.load(tmp_path / "kiosk" / KEY_NAME).public
    assert asks(central, tmp_path / "kiosk", made).head.seq == 0


def asks(central, data, who, clock=None):
    link = ServerLink(central.url, RequestSigner(DeviceKey.load(data / KEY_NAME), who.device_id), clock or ManualClock())
    with closing(ServerClient(link, who.device_id, who.server_key)) as client:
        return client.cursor("e")


@pytest.mark.parametrize("dash", ["-", " ", "", "\n"])
def test_a_code_as_people_type_it(join, new_code, dash):
    """Case, dashes and blanks do not matter."""
    assert join(f"  {new_code()[1].lower().replace('-', dash)}\n").device_id


def test_mistaken_digits(join, new_code):
    """0, 1 and 8 are not in codes; they are taken for the letters they look like."""
    _, code = new_code()
    assert join(code.replace("O", "0").replace("I", "1").replace("B", "8")).device_id


def test_a_code_is_good_once(join, new_code, central):
    """Another station with the same code is refused, and no device is made for it."""
    _, code = new_code()
    join(code)
    with pytest.raises(EnrolmentRefused, match="ask for a new one"):
        join(code, "other")
    assert len(central.store.devices.all()) == 2


def test_a_lost_answer_costs_nothing(join, new_code, tmp_path, central):
    """When the answer was lost, the same command ends as if it had come: one device, the same key."""
    _, code = new_code()
    first = join(code)
    (tmp_path / "kiosk" / "identity.json").unlink()
    assert join(code) == first
    assert len(central.store.devices.all()) == 2


def test_a_revoked_device_does_not_come_back_with_its_old_code(join, new_code, tmp_path, central, manual_clock):
    """What was revoked stays so, though the code and the key are the ones of before."""
    _, code = new_code()
    central.store.devices.revoke(join(code).device_id, now=manual_clock.now().claimed_at)
    (tmp_path / "kiosk" / "identity.json").unlink()
    with pytest.raises(EnrolmentRefused):
        join(code)


def refusal(central, code, key):
    body = msgspec.json.encode(Enrolment(code, key.public))
    headers = key.request_headers("enrol", "POST", "/v1/enrolments", body)
    answer = requests.post(f"{central.url}/v1/enrolments", data=body, headers=headers, timeout=10)
    return answer.status_code, answer.content


def test_bad_codes_are_refused_alike(central, new_code, join, manual_clock, tmp_path, caplog):
    """Unknown, used, revoked and old codes get one and the same answer; the log tells them apart and shows none of them."""
    key = DeviceKey.create(tmp_path / "key")
    old, used, revoked = new_code()[1], new_code(life=BATCH_LIFE)[1], new_code(life=BATCH_LIFE)
    join(used)
    central.store.enrolments.revoke(revoked[0].id, now=manual_clock.now().claimed_at)
    manual_clock.advance(SINGLE_LIFE.total_seconds())
    codes = ["AAAA-AAAA-AAAA-AAAA", "", old, used, revoked[1]]
    answers = {refusal(central, code, key) for code in codes}
    assert len(answers) == 1
    assert next(iter(answers))[0] == 403
    said = [record.getMessage() for record in caplog.records if "enrolment" in record.getMessage()]
    assert [each.rpartition(" ")[2] for each in said] == ["code", "code", "old", "used", "revoked"]
    assert not any(code.replace("-", "") in "".join(said).replace("-", "") for code in codes if code)


@pytest.mark.parametrize(("life", "seconds"), [(SINGLE_LIFE, 600), (BATCH_LIFE, 7 * 86400)])
def test_codes_grow_old(join, new_code, manual_clock, life, seconds):
    """One lasts ten minutes, one of a printed batch seven days, to the second."""
    late, just_in_time = new_code(life=life)[1], new_code(life=life)[1]
    manual_clock.advance(seconds - 1)
    assert join(just_in_time).device_id
    manual_clock.advance(1)
    with pytest.raises(EnrolmentRefused):
        join(late, "late")


def test_guessing_is_stopped_and_forgiven(central, new_code, manual_clock, tmp_path):
    """After so many wrong codes an address waits, also with a right one and also after a restart; later it may go on."""
    key = DeviceKey.create(tmp_path / "key")
    right = new_code(life=BATCH_LIFE)[1]
    assert {refusal(central, f"WRONG-{n}", key)[0] for n in range(TRIES_AN_ADDRESS)} == {403}
    assert refusal(central, right, key)[0] == 429
    manual_clock.advance(599)
    assert refusal(central, right, key)[0] == 429
    manual_clock.advance(1)
    assert refusal(central, right, key)[0] == 200


def test_the_key_must_be_ones_own(central, new_code, tmp_path):
    """Who brings somebody else's public key has no use for it: an enrolment is signed by the key it brings."""
    mine, other = DeviceKey.create(tmp_path / "a"), DeviceKey.create(tmp_path / "b")
    body = msgspec.json.encode(Enrolment(new_code()[1], other.public))
    for headers in ({}, mine.request_headers("enrol", "POST", "/v1/enrolments", body)):
        assert requests.post(f"{central.url}/v1/enrolments", data=body, headers=headers, timeout=10).status_code == 401
    assert len(central.store.devices.all()) == 1


@pytest.mark.parametrize("body", [b"", b"{", b'{"code": 1}', b'{"code": "x"}', b"\xff"])
def test_what_is_no_enrolment(central, body):
    """It is said so, as a Problem."""
    answer = requests.post(f"{central.url}/v1/enrolments", data=body, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("public", ["", "x", "A" * 44, "é" * 43])
def test_a_key_that_is_none(central, public):
    """An enrolment with a key that is none proves nothing."""
    body = msgspec.json.encode(Enrolment("CODE", public))
    assert requests.post(f"{central.url}/v1/enrolments", data=body, timeout=10).status_code == 401


@pytest.mark.parametrize("years", [-20, 20])
def test_a_clock_that_is_wrong_by_years(central, join, new_code, tmp_path, manual_clock, make_station, years):
    """A station whose clock is 20 years off joins and reports: no signature asks for the time."""
    wrong = ManualClock()
    wrong.jump(years * 365.25 * 86400)
    data = tmp_path / "kiosk"
    made = enrol(data, central.url, new_code()[1], wrong)
    assert asks(central, data, made, wrong).head.device_id == made.device_id


def test_enrolled_already(join, new_code, tmp_path, central):
    """A station is not enrolled over by mistake; on purpose it goes on under another name with the same key."""
    first = join(new_code()[1])
    with pytest.raises(EnrolmentRefused, match="--again"):
        join(new_code()[1])
    second = join(new_code()[1], again=True)
    assert second.device_id != first.device_id
    assert asks(central, tmp_path / "kiosk", second).head.seq == 0


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(body=b"<html>", kind="text/html"), "no Gapura server"),
        (Reply(reset=True), "no answer"),
        (Reply(body=b'{"device_id": "d"}'), "refused"),
        (Reply(500, b"{}"), "refused"),
        (Reply(429, b"{}"), "wait ten minutes"),
    ],
)
def test_refusals_in_words(tmp_path, manual_clock, reply, words):
    """Whatever comes instead of an answer, the sentence says what to do, and the station is as it was but for its key."""
    with playing(reply) as server, pytest.raises(EnrolmentRefused, match=words):
        enrol(tmp_path / "kiosk", server.url, "CODE", manual_clock)
    assert read_identity(tmp_path / "kiosk") is None


def test_the_commands(central, tmp_path, make_station, new_code):
    """`gapura enrol` makes a station that `gapura sync` runs; its newest signed head can be taken elsewhere."""
    _, code = new_code()
    data, run = tmp_path / "station", CliRunner()
    found = run.invoke(enrol_command, [central.url, "WRONG", "--data", str(data)])
    assert (found.exit_code, code in found.output) == (1, False)
    assert run.invoke(enrol_command, ["central.example", code, "--data", str(data)]).exit_code == 2
    assert run.invoke(enrol_command, [central.url, code]).exit_code == 2
    assert run.invoke(sync, ["head", "--data", str(data)]).exit_code == 1
    found = run.invoke(enrol_command, [central.url, code, "--data", str(data)])
    assert found.exit_code == 0
    assert seals.server_key_id(central.server_key) in found.stdout
    make_station(read_identity(data).device_id).taps(3)
    reported(data)
    out = tmp_path / "head.json"
    assert run.invoke(sync, ["head", "--data", str(data), "--out", str(out)]).exit_code == 0
    assert json.loads(out.read_text())["seq"] == 3
    assert run.invoke(sync, ["--data", str(data), "head"]).stdout == out.read_text()


def reported(data):
    """Run the station's agent until it has reported."""
    stop = threading.Event()
    tools = agent.Tools(SystemClock(), lambda: 0.5, stop)
    thread = threading.Thread(target=agent.run, args=(settings.load(None, data), tools))
    thread.start()
    for _ in range(100):
        if stop.wait(0.05) or newest_head(data) is not None:
            break
    stop.set()
    thread.join(10)


def test_an_agent_whose_key_others_can_read(tmp_path, central, join, new_code, manual_clock):
    """It does not start, and says how to close the file."""
    join(new_code()[1])
    (tmp_path / "kiosk" / KEY_NAME).chmod(0o644)
    tools = agent.Tools(manual_clock, lambda: 0.5, threading.Event())
    with pytest.raises(agent.StartRefused, match="chmod 600"):
        agent.run(settings.load(None, tmp_path / "kiosk"), tools)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be mistaken for the agent")
def test_root_does_not_enrol_for_the_agent(tmp_path, central, new_code):
    """A key that root made the agent could not read: the sentence names the user to be."""
    (tmp_path / "sync.db").touch()
    os.chown(tmp_path / "sync.db", 1, -1)
    found = CliRunner().invoke(enrol_command, [central.url, new_code()[1], "--data", str(tmp_path)])
    assert (found.exit_code, "sudo -u daemon" in found.stderr) == (1, True)
    assert not (tmp_path / KEY_NAME).exists()
