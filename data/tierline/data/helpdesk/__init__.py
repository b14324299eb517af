"""Help desks' own exports as tickets: Zendesk, Jira Service Management, Freshdesk, Intercom."""

from tierline.data.helpdesk.desk import Desk
from tierline.data.helpdesk.export import ExportMap, export_map
from tierline.data.helpdesk.formats import LAYOUTS, Format

__all__ = ["LAYOUTS", "Desk", "ExportMap", "Format", "export_map"]
