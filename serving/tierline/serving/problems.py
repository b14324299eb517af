"""What doesn't fit a schema, in words."""

from pydantic import ValidationError


def problems_of(error: ValidationError, whole: str = "") -> list[str]:
    """Return what doesn't fit, each with its field, never with what was found.

    ``whole`` names what is wrong where no single field is.
    """
    return [f"{'.'.join(map(str, e['loc'])) or whole}: {e['msg']}" for e in error.errors()]
