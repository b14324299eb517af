"""Hard-coded detection of data loss and security breaches: always on, able only to raise."""

from tierline.serving.safety.check import (
    DATA_LOSS,
    SAFETY_TIER,
    SECURITY_BREACH,
    TEXTS,
    SafetyHit,
    check,
    united,
)

__all__ = ["DATA_LOSS", "SAFETY_TIER", "SECURITY_BREACH", "TEXTS", "SafetyHit", "check", "united"]
