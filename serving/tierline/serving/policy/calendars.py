"""When someone is there: working hours, time zones, public holidays and cover."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from tierline.serving.policy.hours import Day, DayHours, Minutes
from tierline.serving.policy.places import (
    holidays_of,
    known_places,
    known_zone,
    releases,
    time_zone,
)
from tierline.serving.policy.rules import Strict

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: The calendar that the default policy gives to every tier.
ALWAYS: Final = "always"


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=64)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_as_tuple)]
Places = Annotated[tuple[str, ...], BeforeValidator(_as_tuple), AfterValidator(known_places)]


class WeekHours(Strict):
    """The hours of a normal week, in the calendar's time zone; a day without any is closed."""

    monday: DayHours = ()
    tuesday: DayHours = ()
    wednesday: DayHours = ()
    thursday: DayHours = ()
    friday: DayHours = ()
    saturday: DayHours = ()
    sunday: DayHours = ()

    @cached_property
    def days(self) -> tuple[tuple[Minutes, ...], ...]:
        """The hours by `date.weekday`."""
        return tuple(getattr(self, day) for day in DAYS)


class Calendar(Strict):
    """When someone is there.

    On public holidays (``holidays``: countries or parts of them) and on days of one's own
    (``closed``) only ``holiday_hours`` hold. ``cover``: other calendars in whose hours it is
    open too. ``on_call``: who takes what can't wait (P1, data loss, breaches) when it is closed.
    """

    always: bool = False
    time_zone: Annotated[str, AfterValidator(known_zone)] = "UTC"
    hours: WeekHours = WeekHours()
    holidays: Places = ()
    closed: tuple[Day, ...] = ()
    holiday_hours: DayHours = ()
    cover: Names = ()
    on_call: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _opens(self) -> "Calendar":
        has_hours = any(self.hours.days)
        if self.always:
            if has_hours or self.holidays or self.closed or self.holiday_hours or self.cover:
                raise ValueError("always = true is open at every hour: take the other keys out")
        elif not (has_hours or self.cover):
            raise ValueError("it never opens: give it hours, a cover, or always = true")
        return self

    @cached_property
    def _hash(self) -> int:
        return hash(self.model_dump_json())

    def __hash__(self) -> int:
        """Calendars are keys of caches: the hash is computed once."""
        return self._hash

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of its hours."""
        return time_zone(self.time_zone)

    def hours_on(self, day: date) -> tuple[Minutes, ...]:
        """Return the hours of one date, in minutes since its midnight."""
        if self.closes_on(day):
            return self.holiday_hours
        return self.hours.days[day.weekday()]

    def closes_on(self, day: date) -> bool:
        """Return whether a date is a public holiday or a closed day of one's own."""
        text = day.isoformat()
        return (
            text in self.closed
            or text[5:] in self.closed
            or any(day in holidays_of(code, day.year) for code in self.holidays)
        )


Calendars = Annotated[dict[Name, Calendar], Field(min_length=1)]


def together(calendars: Mapping[str, Calendar], name: str) -> tuple[Calendar, ...]:
    """Return a calendar and all that cover it, itself first.

    Raises:
        ValueError: when a calendar isn't there, or covers itself by way of others.
    """
    return tuple(dict.fromkeys(_chain(calendars, name, ())))


def _chain(
    calendars: Mapping[str, Calendar], name: str, above: tuple[str, ...]
) -> Iterator[Calendar]:
    if name in above:
        ring = " by ".join((*above[above.index(name) :], name))
        raise ValueError(f"calendars.{above[-1]}.cover: a calendar can't cover itself: {ring}")
    if name not in calendars:
        where = f"calendars.{above[-1]}.cover: " if above else ""
        raise ValueError(f"{where}expected one of {sorted(calendars)}; found {name!r}")
    yield calendars[name]
    for other in calendars[name].cover:
        yield from _chain(calendars, other, (*above, name))


def refuse_unknown(calendars: Mapping[str, Calendar], used: Mapping[str, str]) -> None:
    """Refuse covers and users (key's path to calendar's name) that name no calendar.

    Raises:
        ValueError: naming the key's path.
    """
    for name in calendars:
        together(calendars, name)
    for path, name in used.items():
        if name not in calendars:
            raise ValueError(f"{path}: expected one of {sorted(calendars)}; found {name!r}")


def libraries(calendars: Mapping[str, Calendar]) -> dict[str, str]:
    """Return the releases of the libraries that the calendars' hours come from."""
    own = [calendar for calendar in calendars.values() if not calendar.always]
    names = ["tzdata"] * bool(own) + ["holidays"] * any(c.holidays for c in own)
    return releases(names)
