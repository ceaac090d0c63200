"""Both ends of Gapura's protocol: the journal and its upload at the door, and the central server."""
