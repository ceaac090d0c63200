"""Simulated devices and a simulated network around a real kiosk: what `gapura demo` is made of."""
