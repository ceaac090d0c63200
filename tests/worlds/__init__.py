"""Seeded worlds of kiosks and a server."""
