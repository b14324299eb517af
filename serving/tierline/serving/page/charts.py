"""Pictures inside the page: SVG as data URIs, one for light pages and one for dark ones."""

import base64
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure

_LIGHT_INK: Final = "#24292f"
_DARK_INK: Final = "#d5dae1"
#: Nothing but the drawing: no date, so that the same figures give the same page.
_METADATA: Final = {"Date": None, "Creator": None, "Format": None, "Type": None}


@dataclass(frozen=True)
class Picture:
    """One picture as two data URIs; ``text`` says in words what it shows."""

    text: str
    light: str
    dark: str


def picture(text: str, draw: Callable[[], Figure]) -> Picture:
    """Draw a figure on no background, and change its ink for dark pages."""
    drawn = _svg(draw)
    return Picture(text, _data_uri(drawn), _data_uri(drawn.replace(_LIGHT_INK, _DARK_INK)))


def _svg(draw: Callable[[], Figure]) -> str:
    buffer = BytesIO()
    with (
        warnings.catch_warnings(),
        mpl.rc_context(
            {
                "text.color": _LIGHT_INK,
                "axes.labelcolor": _LIGHT_INK,
                "axes.edgecolor": _LIGHT_INK,
                "xtick.color": _LIGHT_INK,
                "ytick.color": _LIGHT_INK,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "svg.hashsalt": "tierline",
                "svg.fonttype": "none",  # text stays text, in the reader's own font
                "text.parse_math": False,  # a label's "$" is no formula
            }
        ),
    ):
        # The reader's font draws the text: a letter that the measuring font lacks is no loss.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        draw().savefig(buffer, format="svg", transparent=True, metadata=_METADATA)
    return buffer.getvalue().decode()


def _data_uri(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
