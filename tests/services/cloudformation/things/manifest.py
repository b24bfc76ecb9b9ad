"""The manifest of things."""

from thing_types import AskingType, FaultyType, ThingType

from cloudlet.core.operation import Service

SERVICE = Service("things", operations={}, resources=(ThingType(), FaultyType(), AskingType()))
