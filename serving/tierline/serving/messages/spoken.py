"""Times as a customer reads them, by language and time zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

from tierline.data.errors import InputError
from tierline.serving.clock.shown import due_minute
from tierline.serving.policy.places import time_zone

if TYPE_CHECKING:
    from babel import Locale

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = 60


class SpokenTime:
    """An instant in words: ``date``, ``time`` and ``zone`` (such as ``UTC+1``).

    ``told`` is true once a template has asked for the time: a message states it.
    """

    def __init__(self, date: str, time: str, zone: str, at: datetime) -> None:
        self.date, self.zone, self.at = date, zone, at
        self._time = time
        self.told = False

    @property
    def time(self) -> str:
        """The time of day."""
        self.told = True
        return self._time

    def __str__(self) -> str:
        return f"{self.date}, {self.time} ({self.zone})"


class SpokenSpan:
    """A duration in words: ``text`` (``4 hours``), or ``count`` of a ``unit`` (hour, minute).

    ``told`` is true once a template has asked for the unit or the text.
    """

    def __init__(self, count: int, unit: str, text: str) -> None:
        self.count = count
        self._unit, self._text = unit, text
        self.told = False

    @property
    def unit(self) -> str:
        """What is counted: ``hour`` or ``minute``."""
        self.told = True
        return self._unit

    @property
    def text(self) -> str:
        """The whole duration in words."""
        self.told = True
        return self._text

    def __str__(self) -> str:
        return self.text

    @property
    def minutes(self) -> int:
        """The duration in minutes."""
        return self.count * (_HOUR if self._unit == "hour" else 1)


@dataclass(frozen=True)
class Speech:
    """How times are said in one language (with its region) and one time zone."""

    locale: "Locale"
    zone: ZoneInfo

    @classmethod
    def of(cls, language: str, zone: str) -> "Speech":
        """Return the speech of a language code such as ``de-AT`` in a zone.

        Raises:
            InputError: for a zone that isn't one.
        """
        try:
            return cls(_locale(language), time_zone(zone))
        except ValueError:
            raise InputError(
                'time_zone: expected an IANA time zone such as "Europe/Berlin"'
            ) from None

    def instant(self, instant: datetime) -> SpokenTime:
        """Return an instant in words, to the minute as every deadline is shown."""
        from babel.dates import format_date, format_time

        local = due_minute(instant).astimezone(self.zone)
        return SpokenTime(
            date=_plain(format_date(local.date(), "long", locale=self.locale)),
            time=_plain(format_time(local.time(), "short", locale=self.locale)),
            zone=_offset(local),
            at=instant,
        )

    def span(self, span: timedelta) -> SpokenSpan:
        """Return a duration in words, exact to the minute: whole hours, else minutes."""
        minutes = span // _MINUTE
        whole = minutes % _HOUR == 0
        count, unit = (minutes // _HOUR, "hour") if whole else (minutes, "minute")
        return SpokenSpan(count, unit, _plain(_counted(count, f"duration-{unit}", self.locale)))


def _counted(count: int, unit: str, locale: "Locale") -> str:
    """Return a count of a unit in words, in the longest form that Babel has.

    Where a language says the same in two forms Babel knows one of them only, and gives the
    unit's id for the other.
    """
    from babel.units import format_unit

    forms: tuple[Literal["long", "short", "narrow"], ...] = ("long", "short", "narrow")
    found = [format_unit(count, unit, form, locale=locale) for form in forms]
    return next((text for text in found if unit not in text), found[0])


@lru_cache(maxsize=64)
def _locale(language: str) -> "Locale":
    """Return the locale of a code, of its language alone where the region is unknown."""
    from babel import Locale, UnknownLocaleError

    for code in (language, language.partition("-")[0]):
        try:
            return Locale.parse(code, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise InputError("language: expected a code such as de or pt-BR; Babel knows no such language")


def _offset(local: datetime) -> str:
    minutes = (local.utcoffset() or timedelta(0)) // _MINUTE
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), _HOUR)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")


def _plain(text: str) -> str:
    """Return the text with common blanks: Unicode's narrow ones look broken in some programs."""
    return " ".join(text.split())
