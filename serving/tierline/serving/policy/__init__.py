"""The escalation process as data: what a support-operations lead reads and changes."""

from tierline.serving.policy.assessment import AdvicePolicy, Ask, AssessmentPolicy, LevelRule
from tierline.serving.policy.durations import duration_text
from tierline.serving.policy.load import load_policy, toml_of_default
from tierline.serving.policy.model import GatePolicy, Policy, TierPolicy
from tierline.serving.policy.queue import QueuePolicy
from tierline.serving.policy.rules import TIERS, Condition, EntryRule, Trigger
from tierline.serving.policy.teams import Authority, Exclusion, Member, TeamPolicy

__all__ = [
    "TIERS",
    "AdvicePolicy",
    "Ask",
    "AssessmentPolicy",
    "Authority",
    "Condition",
    "EntryRule",
    "Exclusion",
    "GatePolicy",
    "LevelRule",
    "Member",
    "Policy",
    "QueuePolicy",
    "TeamPolicy",
    "TierPolicy",
    "Trigger",
    "duration_text",
    "load_policy",
    "toml_of_default",
]
