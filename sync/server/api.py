"""HTTP for machines, under /v1: what doors send and ask. No state between requests; every error is a `wire.Problem`."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, NotFound

from sync.clock import Clock, utc_datetime
from sync.protocol.signing import ENROLLING
from sync.protocol.wire import Answer, Cursor, DocumentKind, Documents, Enrolled, Enrolment, Problem
from sync.server import ledger
from sync.server.auth import DeviceAuthenticator, NotAllowed, NotAuthenticated, check_signature
from sync.server.body import check_epoch, read_batch, read_sent
from sync.server.documents import DocumentStore
from sync.server.enrolments import EnrolmentStore
from sync.server.errors import CodeRefused, TooManyTries
from sync.server.intake import MAX_TEXT
from sync.server.keys import KeyStore
from sync.server.limits import RateLimit
from sync.server.openapi import description
from sync.server.rooms import RoomStore
from sync.server.sink import EventSink
from sync.server.store import Device, DeviceStore

_TOUCH_EVERY = timedelta(seconds=5)
_LAST_VERSION = 2**31 - 1

View = Callable[..., Response]


def problem(status: int, message: str, code: str | None = None) -> Response:
    """The answer to a request that was not done."""
    code = code or HTTPStatus(status).name.lower()
    return _json(Problem(code, message), status)


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, content_type="application/json")


class Api:
    """The handlers, over the parts they need."""

    def __init__(
        self,
        *,
        devices: DeviceStore,
        enrolments: EnrolmentStore,
        sink: EventSink,
        documents: DocumentStore,
        rooms: RoomStore,
        keys: KeyStore,
        limit: RateLimit,
        clock: Clock,
    ) -> None:
        self._devices, self._enrolments, self._sink, self._documents = devices, enrolments, sink, documents
        self._rooms, self._keys, self._limit, self._clock = rooms, keys, limit, clock
        self._authenticator = DeviceAuthenticator(devices)

    def blueprint(self) -> Blueprint:
        """The routes under /v1."""
        routes = Blueprint("api", __name__, url_prefix="/v1")
        base = "/devices/<device_id>"
        routes.add_url_rule(f"{base}/batches", "batches", self._known(self.take_batch), methods=["POST"])
        routes.add_url_rule(f"{base}/cursor", "cursor", self._known(self.cursor))
        routes.add_url_rule(f"{base}/documents", "documents", self._known(self.hand_down))
        routes.add_url_rule(f"{base}/rooms", "rooms", self._known(self.hand_down_rooms))
        routes.add_url_rule(f"{base}/photos/<sha256>", "photos", self._known(self.photo))
        routes.add_url_rule("/enrolments", "enrolments", self.enrol, methods=["POST"])
        routes.add_url_rule("/openapi.json", "openapi", lambda: Response(description(), content_type="application/json"))
        routes.register_error_handler(NotAuthenticated, _not_authenticated)
        routes.register_error_handler(NotAllowed, lambda _: problem(403, "This device was revoked.", "revoked"))
        routes.register_error_handler(CodeRefused, lambda error: problem(403, str(error), "code_refused"))
        routes.register_error_handler(TooManyTries, _too_many_tries)
        return routes

    def _known(self, view: View) -> View:
        @wraps(view)
        def with_device(**address: str) -> Response:
            device = self._authenticator.authenticate(request)
            wait_s = self._limit.wait_s(device.id, self._clock.now().mono_ns)
            if wait_s:
                return _too_many("Too many requests.", wait_s)
            return view(device, **{name: part for name, part in address.items() if name != "device_id"})

        return with_device

    def take_batch(self, device: Device) -> Response:
        """Keep a batch and say what became of each record, after commit."""
        batch = read_batch(request)
        received_at = self._clock.now().claimed_at
        receipt = self._sink.take(device.id, batch, received_at)
        answer = Answer(
            accepted_through=ledger.accepted_through(receipt.held),
            results=receipt.results,
            missing=ledger.missing(receipt.held),
            head=self._keys.head(device.id, receipt.head),
            server_time=received_at,
            documents=self._documents.version(),
            rooms=receipt.rooms,
            batch_sha256=hashlib.sha256(request.get_data()).hexdigest(),
        )
        return _json(answer)

    def cursor(self, device: Device) -> Response:
        """Where the server stands in the epoch that is asked for."""
        epoch, recorded_as = request.args.get("epoch", ""), request.args.get("recorded_as", "")
        check_epoch(epoch)
        self._touch(device)
        # A name that cannot be one is an unknown one: a damaged row at the door must not stop what it has to ask and send.
        named = recorded_as if recorded_as.isascii() and recorded_as.isprintable() and len(recorded_as) <= MAX_TEXT else ""
        head = self._keys.head(device.id, self._sink.head(device.id, epoch, named))
        return _json(Cursor(head, self._documents.version()))

    def hand_down(self, device: Device) -> Response:
        """The newest documents, or 304 when the door has them."""
        after = _version_asked()
        self._touch(device)
        version, text = self._documents.newest()
        return self._document(DocumentKind.DIRECTORY, version, text if after < version else None)

    def hand_down_rooms(self, device: Device) -> Response:
        """What this door should know of its rooms now, or 304 when it does."""
        after = _version_asked()
        self._touch(device)
        version, found = self._rooms.ask(device, after, now=self._clock.now().claimed_at)
        return self._document(DocumentKind.ROOMS, version, None if found is None else msgspec.json.encode(found).decode())

    def _document(self, kind: DocumentKind, version: int, text: str | None) -> Response:
        tag = f"v{version}"
        if text is None or request.if_none_match.contains(tag):
            answer = Response(status=304)
        else:
            answer = _json(Documents(version=version, documents=[self._keys.document(kind, version, text)]))
        answer.set_etag(tag)
        return answer

    def enrol(self) -> Response:
        """Let a station join that has a code and the key it brings."""
        try:
            asked = msgspec.json.decode(read_sent(request), type=Enrolment)
        except (msgspec.DecodeError, ValueError, RecursionError) as exc:
            raise BadRequest(f"The body is not an enrolment: {exc}") from exc
        check_signature(request, ENROLLING, asked.public_key)
        device = self._enrolments.enrol(asked.code, asked.public_key, address=request.remote_addr or "", now=self._clock.now())
        enrolled = Enrolled(
            device_id=device.id,
            name=device.name,
            place_id=device.place_id,
            site=device.site,
            time_zone=device.time_zone,
            server_key=self._keys.public,
        )
        return _json(enrolled)

    def photo(self, _device: Device, sha256: str) -> Response:
        """A picture by its hash. Its bytes never change, so it may be kept for ever."""
        body = self._documents.photo(sha256)
        if body is None:
            raise NotFound("No photo of that hash.")
        answer = Response(body, content_type="application/octet-stream")
        answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
        return answer

    def _touch(self, device: Device) -> None:
        now = self._clock.now()
        last = device.last_contact_at
        if last is None or abs(now.wall - utc_datetime(last)) >= _TOUCH_EVERY:
            self._devices.touch(device.id, now=now.claimed_at)


def _version_asked() -> int:
    after = request.args.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) <= 10 and int(after) <= _LAST_VERSION):
        raise BadRequest("after is the version you have, a whole number.")
    return int(after)


def _not_authenticated(_: NotAuthenticated) -> Response:
    # Why is not said: neither who is known here nor what was nearly right.
    return problem(401, "Sign the request with the key that was enrolled: RFC 9421, Ed25519.")


def _too_many_tries(error: TooManyTries) -> Response:
    return _too_many("Too many wrong codes.", error.wait_s)


def _too_many(what: str, wait_s: int) -> Response:
    answer = problem(429, f"{what} Try again later.")
    answer.headers["Retry-After"] = str(wait_s)
    return answer
