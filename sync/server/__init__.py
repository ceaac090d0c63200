"""The central server: stores what doors report, hands the directory down, and shows administrators the day."""
