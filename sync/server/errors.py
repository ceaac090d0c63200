"""What can go wrong at the server. Each message is one sentence that says what to do.

ServerError
├── StoreUnavailable   the database cannot be read or written now: try later
├── BadSettings        the settings or the call are wrong
├── BadDirectory       a directory file cannot be taken as it is
├── BadRooms           rooms, services or letters cannot be set as they are; one sentence a line
├── CodeRefused        an enrolment's code is not good, and why is not said
├── TooManyTries       somebody guesses; the caller is told how long to wait
└── Unknown            the named device, user or thing is not here
"""


class ServerError(Exception):
    """Any trouble of the server's own."""


class StoreUnavailable(ServerError):
    """The database cannot be reached, read or written."""


class BadSettings(ServerError):
    """A setting or an argument is wrong; the message names it."""


class BadDirectory(ServerError):
    """A directory file cannot be imported; the message says which entry and why."""


class BadRooms(ServerError):
    """Rooms cannot be set up as they were given; each line of the message names an entry and what is wrong with it."""


class CodeRefused(ServerError):
    """The code of an enrolment cannot be used."""


class TooManyTries(ServerError):
    """Wrong codes came too often; `wait_s` is how long nothing is looked at."""

    def __init__(self, message: str, wait_s: int) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Unknown(ServerError):
    """What was named is not here."""
