"""The application at the door: one kiosk, its devices, its journal and its screens."""
