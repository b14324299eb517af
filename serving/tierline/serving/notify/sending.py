"""Sending by Apprise, without its URLs in any log."""

import logging
import warnings
from functools import cache
from typing import Any, Final

from tierline.data.errors import InputError

#: Both name URLs in what they log, and a URL of a webhook is its secret.
_TALKATIVE: Final = ("apprise", "urllib3.connectionpool")


@cache
def _apprise() -> Any:
    try:
        import apprise
    except ImportError:
        raise InputError("notifications need Apprise: pip install 'tierline[notify]'") from None
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_say_nothing)
    with warnings.catch_warnings():
        # The first URL imports every service's module, and some of them warn of old libraries.
        warnings.simplefilter("ignore")
        apprise.Apprise.instantiate("json://localhost")
    return apprise


def _say_nothing(record: logging.LogRecord) -> bool:
    return False


def is_url(url: str) -> bool:
    """Return whether Apprise can send to a URL."""
    return _apprise().Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True) is not None


def send(url: str, title: str, body: str) -> bool:
    """Return whether the service behind the URL took a notification."""
    apprise = _apprise()
    service = apprise.Apprise(asset=_asset())
    return bool(service.add(url)) and bool(
        service.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT)
    )


def _asset() -> Any:
    # Nothing is kept on disk, and no thread of its own is started for one URL.
    return _apprise().AppriseAsset(async_mode=False, storage_mode="memory")
