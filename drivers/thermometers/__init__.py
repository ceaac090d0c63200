"""Thermometers: one protocol a file (a pure decoder and its commands), and one class that reads any of them from a port."""
