"""What programs ask besides records: the description of /v1, readiness, counters, and how often they may ask."""

import re
import subprocess
import sys
from contextlib import closing

import schemathesis
from alembic import command
from hypothesis import HealthCheck, Phase, given, settings
from requests.auth import AuthBase

from sync.server.app import create_app, open_store
from sync.server.database import Database, migration_config
from sync.server.limits import RateLimit
from sync.server.metrics import Metrics
from sync.server.settings import Settings
from tests.sync.served import serving
from tests.sync.server.conftest import HASHER
from tests.sync.server.making import EPOCH, KEY, batch, packed, signed

SECOND = 1_000_000_000


def test_the_description_is_of_exactly_the_routes_there_are(app):
    """Every address and method under /v1 is described, and nothing else is."""
    described = app.test_client().get("/v1/openapi.json").json["paths"]
    routes = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/v1/")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, methods in described.items() for method in methods} == routes


class Signed(AuthBase):
    """Signs what is about to be sent, whatever it is, as the door."""

    def __init__(self, device_id):
        self._device_id = device_id

    def __call__(self, request):
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        request.headers.update(signed(self._device_id, request.method, request.path_url, body))
        return request


def test_nothing_that_fits_the_description_or_not_breaks_the_server(store, clock, door):
    """Hundreds of made-up requests, in and out of the description, get the answers it names and never a 500."""
    server = create_app(store, clock, Settings(requests_per_s=10_000, requests_at_once=10_000))
    with serving(server) as url:
        described = schemathesis.openapi.from_url(f"{url}/v1/openapi.json")
        for found in described.get_all_operations():
            _try_out(found.ok(), url, door.id)


def _try_out(operation, url, device_id):
    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case):
        if "device_id" in (case.path_parameters or {}):
            case.path_parameters["device_id"] = device_id
        if isinstance(case.body, dict) and isinstance(case.body.get("mono_ns"), float) and case.body["mono_ns"].is_integer():
            case.body["mono_ns"] = int(case.body["mono_ns"])  # JSON Schema takes 1.0 for a whole number; the server wants 1
        case.call_and_validate(auth=Signed(device_id))

    given(case=operation.as_strategy())(run)()


def test_ready_says_no_while_the_tables_are_of_another_version(engine_url, clock):
    """Readiness asks the database, and its version."""
    with closing(Database(engine_url)) as database:
        database.migrate()
        client = create_app(open_store(database, HASHER), clock, Settings()).test_client()
        assert client.get("/readyz").status_code == 200
        with database.writing() as connection:
            command.stamp(migration_config(connection), "0001")
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200


def test_a_door_that_asks_too_often_waits_and_others_do_not(store, door, clock):
    """After its share a door is told how long to wait, and once it has waited it is heard; another door does not notice."""
    other = store.devices.add("B", place_id="b", time_zone="Asia/Jakarta", now=clock.now().claimed_at, public_key=KEY.public)
    client = create_app(store, clock, Settings(requests_per_s=0.5, requests_at_once=2)).test_client()

    def ask(device_id):
        target = f"/v1/devices/{device_id}/cursor?epoch={EPOCH}"
        return client.get(target, headers=signed(device_id, "GET", target))

    assert [ask(door.id).status_code for _ in range(3)] == [200, 200, 429]
    answer = ask(door.id)
    assert (answer.headers["Retry-After"], answer.json["code"]) == ("2", "too_many_requests")
    assert ask(other.id).status_code == 200
    clock.advance(2)
    assert ask(door.id).status_code == 200


def test_a_bucket_fills_up_to_its_brim_and_forgets_whom_it_need_not_know():
    """A long pause earns no more than the burst, a clock that goes back earns nothing, and full buckets are not kept."""
    limit = RateLimit(1, 3)
    assert [limit.wait_s("a", 100 * SECOND) for _ in range(4)] == [0, 0, 0, 1]
    assert [limit.wait_s("a", 9000 * SECOND) for _ in range(4)] == [0, 0, 0, 1]
    assert limit.wait_s("a", 0) == 1
    for number in range(5000):
        limit.wait_s(f"door {number}", (10_000 + number) * SECOND)
    assert len(limit._buckets) < 4100


def test_metrics_are_for_this_machine_alone(app):
    """Whoever asks from elsewhere, or through a proxy, gets nothing."""
    client = app.test_client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403


def test_what_was_done_is_counted(client, send, door):
    """Batches, records by outcome, requests by what became of them, and how long they took."""
    send(packed(batch(door.id, [1, 2])))
    send(packed(batch(door.id, [2, 3])))
    client.get("/nowhere")
    text = client.get("/metrics").text
    for line in (
        "gapura_batches_total 2",
        'gapura_records_total{outcome="stored"} 3',
        'gapura_records_total{outcome="duplicate"} 1',
        'gapura_requests_total{area="batches",status="2xx"} 2',
        'gapura_requests_total{area="other",status="4xx"} 1',
        'gapura_request_duration_seconds_bucket{le="+Inf"} 3',
        "gapura_request_duration_seconds_count 3",
    ):
        assert line in text.splitlines()


def test_the_counters_of_all_workers_are_summed(tmp_path):
    """What one worker counted is told by another, and a worker that comes after one that is gone goes on from there."""
    file = tmp_path / "counters"
    program = f"import pathlib, sync.server.metrics as m; m.Metrics(pathlib.Path({str(file)!r})).add('gapura_batches_total', 5)"
    mine = Metrics(file)
    mine.add("gapura_batches_total", 2)
    for _ in range(2):
        subprocess.run([sys.executable, "-c", program], check=True)
    assert "gapura_batches_total 12" in mine.text().splitlines()
