"""AWS's cron expressions: minutes, hours, day of month, month, day of week, year; always in UTC.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html. Knows no clock.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from msgspec import Struct

_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2199
_MONTHS: Final[Mapping[str, int]] = MappingProxyType(
    {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
)
_WEEKDAYS: Final[Mapping[str, int]] = MappingProxyType(
    {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
)
_NEAREST_WEEKDAY: Final = re.compile(r"([0-9]{1,2})W", re.ASCII)
_NTH_WEEKDAY: Final = re.compile(r"([0-9A-Z]{1,3})#([1-5])", re.ASCII)
_LAST_WEEKDAY: Final = re.compile(r"([0-9A-Z]{1,3})L", re.ASCII)


class InvalidCron(Exception):
    """Raised for what is no cron expression."""


class _Days(Struct, frozen=True):
    """Which days of a month are meant, in one of the two ways to say it."""

    numbers: frozenset[int] | None = None
    """Days of the month, or of the week; None for all."""
    weekly: bool = False
    last: bool = False
    """The month's last day, or the last of its days of the week `numbers`."""
    nearest: int = 0
    """The working day nearest to this day of the month."""
    nth: int = 0
    """The which of its days of the week `numbers`."""

    def include(self, day: date) -> bool:
        """Whether a day is meant."""
        length = calendar.monthrange(day.year, day.month)[1]
        if self.weekly:
            return self._weekday_included(day, length)
        if self.nearest:
            return day == _working_day(day.year, day.month, min(self.nearest, length), length)
        if self.last:
            return day.day == length
        return self.numbers is None or day.day in self.numbers

    def _weekday_included(self, day: date, length: int) -> bool:
        if self.numbers is not None and day.isoweekday() % 7 + 1 not in self.numbers:
            return False
        if self.last:
            return day.day + 7 > length
        return not self.nth or (day.day - 1) // 7 + 1 == self.nth


class Cron(Struct, frozen=True):
    """A cron expression."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: _Days
    months: frozenset[int]
    years: frozenset[int]

    def next_after(self, seconds: float) -> float | None:
        """When it is due first after a time, in seconds since 1970; None for never again."""
        start = datetime.fromtimestamp(seconds, UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for day in self._days_from(start.date()):
            for hour in self.hours:
                for minute in self.minutes:
                    at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                    if at >= start:
                        return at.timestamp()
        return None

    def _days_from(self, first: date) -> Iterator[date]:
        for year in sorted(year for year in self.years if year >= first.year):
            for month in sorted(self.months):
                for number in range(1, calendar.monthrange(year, month)[1] + 1):
                    day = date(year, month, number)
                    if day >= first and self.days.include(day):
                        yield day


def parse_cron(text: str) -> Cron:
    """The cron expression of a text. Raises InvalidCron."""
    fields = text.split(" ")
    if len(fields) != 6:
        raise InvalidCron(text)
    minute, hour, day_of_month, month, day_of_week, year = fields
    return Cron(
        tuple(sorted(_numbers(minute, 0, 59))),
        tuple(sorted(_numbers(hour, 0, 23))),
        _days(day_of_month, day_of_week),
        _numbers(month, 1, 12, _MONTHS),
        _numbers(year, _FIRST_YEAR, _LAST_YEAR),
    )


def _days(day_of_month: str, day_of_week: str) -> _Days:
    """One of the two must be a question mark: AWS does not combine them."""
    if (day_of_month == "?") == (day_of_week == "?"):
        raise InvalidCron(f"{day_of_month} {day_of_week}")
    return _of_month(day_of_month) if day_of_week == "?" else _of_week(day_of_week)


def _of_month(text: str) -> _Days:
    if text == "L":
        return _Days(last=True)
    if (found := _NEAREST_WEEKDAY.fullmatch(text)) is not None:
        return _Days(nearest=_number(found[1], 1, 31, {}))
    return _Days(_numbers(text, 1, 31))


def _of_week(text: str) -> _Days:
    if text == "L":
        return _Days(frozenset({7}), weekly=True)
    if (found := _NTH_WEEKDAY.fullmatch(text)) is not None:
        return _Days(frozenset({_number(found[1], 1, 7, _WEEKDAYS)}), weekly=True, nth=int(found[2]))
    if (found := _LAST_WEEKDAY.fullmatch(text)) is not None:
        return _Days(frozenset({_number(found[1], 1, 7, _WEEKDAYS)}), weekly=True, last=True)
    return _Days(_numbers(text, 1, 7, _WEEKDAYS), weekly=True)


def _numbers(
    text: str, first: int, last: int, names: Mapping[str, int] = MappingProxyType({})
) -> frozenset[int]:
    """What a field means: a list of numbers, ranges, steps and the asterisk."""
    return frozenset(number for part in text.split(",") for number in _part(part, first, last, names))


def _part(text: str, first: int, last: int, names: Mapping[str, int]) -> Iterator[int]:
    span, slash, step = text.partition("/")
    every = _number(step, 1, last, {}) if slash else 1
    if span == "*":
        return iter(range(first, last + 1, every))
    low, dash, high = span.partition("-")
    begin = _number(low, first, last, names)
    end = _number(high, first, last, names) if dash else (last if slash else begin)
    if end < begin:
        return (
            number for bounds in ((begin, last), (first, end)) for number in range(bounds[0], bounds[1] + 1)
        )
    return iter(range(begin, end + 1, every))


def _number(text: str, first: int, last: int, names: Mapping[str, int]) -> int:
    number = names.get(text.upper())
    if number is None:
        if not (text.isascii() and text.isdecimal()):
            raise InvalidCron(text)
        number = int(text)
    if not first <= number <= last:
        raise InvalidCron(text)
    return number


def _working_day(year: int, month: int, number: int, length: int) -> date:
    """The day from Monday to Friday that is nearest to a day, within the month."""
    day = date(year, month, number)
    if day.isoweekday() == 6:
        return day + timedelta(days=2) if number == 1 else day - timedelta(days=1)
    if day.isoweekday() == 7:
        return day - timedelta(days=2) if number == length else day + timedelta(days=1)
    return day
