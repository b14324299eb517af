"""Champions in MLflow's registry: who is, who was, and the steps from one to another.

The alias ``champion`` is what scoring and serving use. Earlier champions stand in a tag of the
registered model, the last one at the end. Whatever is interrupted, the alias is moved in one step
and names a whole version; `_earlier` puts a half-written history right.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import mlflow

from tierline.data.errors import ModelNotFoundError
from tierline.serving.model_source import CHAMPION, REGISTERED_NAME, tracking_uri

CHALLENGER: Final = "challenger"
_HISTORY: Final = "champions.earlier"
#: When a version was left by a rollback: a tag on the version.
ROLLED_BACK: Final = "champion.rolled_back"
#: Earlier champions that are remembered.
_REMEMBERED: Final = 50
_NONE: Final = (
    f"expected a registered model {REGISTERED_NAME!r}; found none in the store. "
    "Train one: tierline train FILES... --out DIR"
)


@dataclass(frozen=True)
class Moved:
    """The champion ``before`` (None if there was none) and after a step, as version numbers."""

    before: str | None
    after: str


def client() -> Any:
    """Return MLflow's client for the store that Tierline uses."""
    mlflow.set_tracking_uri(tracking_uri())
    return mlflow.MlflowClient()


def champion() -> str | None:
    """Return the champion's version number, None when there is none."""
    return _aliases().get(CHAMPION)


def versions() -> list[Any]:
    """Return every version of the model, the newest first."""
    found = client().search_model_versions(f"name='{REGISTERED_NAME}'")
    return sorted(found, key=lambda v: int(v.version), reverse=True)


def promote(version: str | None = None) -> Moved:
    """Make a version (the newest by default) the champion, and remember the one before.

    Raises:
        ModelNotFoundError: when there is no such version.
    """
    known = [str(v.version) for v in versions()]
    if not known:
        raise ModelNotFoundError(_NONE)
    chosen = version or known[0]
    if chosen not in known:
        expected = ", ".join(sorted(known, key=int))
        raise ModelNotFoundError(f"expected a version of {expected}; found {chosen}")
    before = champion()
    if ROLLED_BACK in client().get_model_version(REGISTERED_NAME, chosen).tags:
        client().delete_model_version_tag(REGISTERED_NAME, chosen, ROLLED_BACK)
    if before is not None and before != chosen:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        _remember([*_earlier(before), {"version": before, "until": now}])
    client().set_registered_model_alias(REGISTERED_NAME, CHAMPION, chosen)
    return Moved(before, chosen)


def rollback() -> Moved:
    """Make the champion before this one the champion again; several rollbacks walk back.

    Raises:
        ModelNotFoundError: when there is no champion, or none before it that still exists.
    """
    now = champion()
    if now is None:
        raise ModelNotFoundError(
            "expected a champion to go back from; found none. Make one: tierline promote"
        )
    known = {str(v.version) for v in versions()}
    earlier = [entry for entry in _earlier(now) if entry["version"] in known]
    if not earlier:
        raise ModelNotFoundError(
            f"expected a champion before version {now}; found none: nothing to go back to. "
            "Make another version the champion: tierline promote VERSION"
        )
    last = earlier[-1]["version"]
    when = datetime.now(UTC).isoformat(timespec="seconds")
    _remember(earlier)  # what an interrupted step left is gone before the next step can add to it
    client().set_model_version_tag(REGISTERED_NAME, now, ROLLED_BACK, when)
    client().set_registered_model_alias(REGISTERED_NAME, CHAMPION, last)
    _remember(earlier[:-1])
    return Moved(now, last)


def was_champion(version: str) -> bool:
    """Return whether a version stands among the earlier champions."""
    now = champion()
    return now is not None and any(entry["version"] == version for entry in _earlier(now))


def call_challenger(version: str) -> None:
    """Move the alias ``challenger`` to a version."""
    client().set_registered_model_alias(REGISTERED_NAME, CHALLENGER, version)


def _earlier(now: str) -> list[dict[str, str]]:
    """Return the champions before ``now``, the last one at the end.

    A step that was interrupted may have left the present champion among them: it is dropped.
    """
    if not versions():
        return []
    tags = client().get_registered_model(REGISTERED_NAME).tags
    found: list[dict[str, str]] = json.loads(tags.get(_HISTORY, "[]"))
    while found and found[-1]["version"] == now:
        found.pop()
    return found


def _remember(earlier: list[dict[str, str]]) -> None:
    kept = json.dumps(earlier[-_REMEMBERED:])
    client().set_registered_model_tag(REGISTERED_NAME, _HISTORY, kept)


def _aliases() -> dict[str, str]:
    """Return the version numbers by alias."""
    if not versions():
        return {}
    model = client().get_registered_model(REGISTERED_NAME)
    return {alias: str(version) for alias, version in model.aliases.items()}
