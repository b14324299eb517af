"""Instants as people read them."""

from datetime import UTC, datetime, tzinfo


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
