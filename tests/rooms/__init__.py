"""Rooms with a limit: the simulated worlds of them."""
