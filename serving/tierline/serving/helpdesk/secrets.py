"""The hooks' secrets: from the environment only, and never shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tierline.data.helpdesk import Format

#: A hook is there when its variable is set.
VARIABLES: Final = {
    Format.ZENDESK: "TIERLINE_ZENDESK_SECRET",
    Format.JIRA: "TIERLINE_JIRA_SECRET",
    Format.FRESHDESK: "TIERLINE_FRESHDESK_SECRET",
}


@dataclass(frozen=True)
class HookSecrets:
    """The secret that each help desk shares with this server."""

    known: Mapping[Format, bytes] = field(default_factory=dict, repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "HookSecrets":
        """Read the variables; blanks around a secret don't count, and an empty one is none."""
        found = {desk: environment.get(name, "").strip() for desk, name in VARIABLES.items()}
        return cls({d: s.encode("utf-8", "surrogateescape") for d, s in found.items() if s})
