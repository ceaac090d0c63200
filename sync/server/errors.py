"""What can go wrong at the server. Each message is one sentence that says what to do.

ServerError
├── StoreUnavailable   the database cannot be read or written now: try later
├── BadSettings        the settings or the call are wrong
├── BadDirectory       a directory file cannot be taken as it is
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


class Unknown(ServerError):
    """What was named is not here."""
