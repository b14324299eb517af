"""The help desks whose exports can be read, by the name that ``--format`` takes."""

from enum import StrEnum
from typing import Final

from tierline.data.helpdesk.freshdesk import FRESHDESK
from tierline.data.helpdesk.intercom import INTERCOM
from tierline.data.helpdesk.jira import JIRA
from tierline.data.helpdesk.layout import Layout
from tierline.data.helpdesk.zendesk import ZENDESK


class Format(StrEnum):
    """A help desk."""

    ZENDESK = "zendesk"
    JIRA = "jira"
    FRESHDESK = "freshdesk"
    INTERCOM = "intercom"


LAYOUTS: Final[dict[Format, Layout]] = {
    Format.ZENDESK: ZENDESK,
    Format.JIRA: JIRA,
    Format.FRESHDESK: FRESHDESK,
    Format.INTERCOM: INTERCOM,
}
