"""Where a page may go."""

from pathlib import Path

from tierline.data.errors import InputError


def refuse_odd_page(html: Path) -> None:
    """Stop before the work whose page could not be written.

    Raises:
        InputError: when the path is no page's, or its folder isn't there.
    """
    if html.suffix != ".html" or not html.parent.is_dir():
        raise InputError(
            "--html: expected a file name that ends in .html, in a folder that exists; "
            f"found {html}"
        )
