"""Instants as people read them."""

from datetime import UTC, datetime, timedelta, tzinfo

from tierline.serving.clock.open_time import in_utc, shifted


def due_minute(instant: datetime) -> datetime:
    """Return a deadline to the minute as every text shows it: rounded up.

    So whoever keeps to what agents read and what customers were told keeps the same minute, and
    no customer is told less than the policy gives.
    """
    whole = in_utc(instant).replace(second=0, microsecond=0)
    return whole if whole == instant else shifted(whole, timedelta(minutes=1))


def due_text(instant: datetime, zone: tzinfo = UTC) -> str:
    """Return a deadline as text, to the minute (see `due_minute`)."""
    return instant_text(due_minute(instant), zone)


def instant_text(instant: datetime, zone: tzinfo = UTC) -> str:
    """Return an instant to the minute with its zone: ``2025-03-10 09:00 Europe/Berlin``.

    In UTC where the zone has no such date.
    """
    try:
        shown = instant.astimezone(zone)
    except OverflowError:
        zone, shown = UTC, instant.astimezone(UTC)
    # strftime pads years before 1000 on some systems only.
    return f"{shown.isoformat(' ', 'minutes')[:16]} {zone}"
