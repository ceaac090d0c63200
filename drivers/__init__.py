"""Gapura's device library: thermometers, scanners and cameras, real and virtual. It knows nothing of Gapura."""
