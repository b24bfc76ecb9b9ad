"""Alarms: what they are, how they are judged, and what happens when their state changes."""
