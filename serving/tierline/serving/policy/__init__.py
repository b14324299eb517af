"""The escalation process as data: what a support-operations lead reads and changes."""

from tierline.serving.policy.durations import duration_text
from tierline.serving.policy.load import load_policy, toml_of_default
from tierline.serving.policy.model import GatePolicy, Policy, TierPolicy
from tierline.serving.policy.rules import TIERS, Condition, EntryRule, Trigger

__all__ = [
    "TIERS",
    "Condition",
    "EntryRule",
    "GatePolicy",
    "Policy",
    "TierPolicy",
    "Trigger",
    "duration_text",
    "load_policy",
    "toml_of_default",
]
