"""What a bundle promises about the tickets that must not be missed."""

from math import ceil
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from tierline.data.splitting import SHARES

#: The part of the labelled tickets that calibrates, unless a split column says otherwise.
_VALIDATION: Final = SHARES[1] - SHARES[0]


class Misses(BaseModel):
    """Of ``count`` critical tickets, ``misses`` were routed below tier 3 by the whole decision."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    misses: int = Field(ge=0)
    count: int = Field(ge=0)


class Certificate(BaseModel):
    """The promise: of true P1, data-loss and breach tickets, at most ``alpha`` are missed.

    It holds in expectation, for tickets like those of the calibration part, whose digest is
    ``digest`` (conformal risk control). ``threshold`` is the model's probability from which on
    a ticket is raised, None when the part held too few critical tickets to promise anything:
    ``lacking`` says how many more that part needs. ``raised`` is the price: the share of the other
    calibration tickets that only the threshold sends to tier 3. ``test`` is what the promise
    came to on tickets that had no part in it, and ``bound`` the exact 95% upper bound of the
    miss rate from them; None where there were none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    alpha: float = Field(gt=0, lt=1)
    threshold: float | None
    calibration: Misses
    raised: float
    digest: str
    lacking: int = Field(ge=0)
    test: Misses | None = None
    bound: float | None = None

    @property
    def statement(self) -> str:
        """The promise in words, with what speaks for it."""
        n = self.calibration.count
        if self.threshold is None:
            return (
                f"no promise at {self.alpha:.1%}: {n} P1, data-loss and breach tickets to "
                f"calibrate on, {self.lacking} more are needed in the validation part: about "
                f"{ceil(self.lacking / _VALIDATION)} labelled ones where it takes {_VALIDATION:.0%}"
            )
        said = (
            f"at most {self.alpha:.1%} of P1, data-loss and breach tickets are expected below tier "
            f"3 (calibrated on {n}; {self.raised:.1%} of other tickets raised for it)"
        )
        if self.test is None or self.bound is None:
            return said
        return (
            f"{said}; measured apart: {self.test.misses} of {self.test.count}, "
            f"with 95% confidence at most {self.bound:.1%}"
        )
