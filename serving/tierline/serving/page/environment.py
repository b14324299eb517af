"""How a page is filled in: Jinja2, everything escaped, nothing missing unnoticed."""

from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

import jinja2
from markupsafe import Markup

_SHARED: Final = resources.files(__package__) / "templates"


def environment(templates: Traversable) -> jinja2.Environment:
    """Return the environment of a page whose own templates lie in a folder of the package.

    The shared ones are found beside them; ``style`` is the shared style sheet.
    """
    folders = (templates, _SHARED)

    def source(name: str) -> str | None:
        found = (folder / name for folder in folders)
        return next((f.read_text("utf-8") for f in found if f.is_file()), None)

    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(source),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (_SHARED / "style.css").read_text("utf-8")
    made.globals["style"] = Markup(style)  # noqa: S704 (our own file)
    return made
