"""Rooms with doors and a server, lived through step by step: the rights as they are shipped, the people as they really are."""
