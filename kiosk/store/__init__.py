"""kiosk.db: the journal, the directory of people and badges, and the projections that screens read."""
