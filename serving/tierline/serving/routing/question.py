"""One ticket with all that its answer follows from, and the answer at an instant."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from tierline.data.ticket import Ticket
from tierline.models.runtime.prediction import Prediction
from tierline.serving.clock.covering import Serving, serving, stand_ins
from tierline.serving.clock.deadlines import deadlines, runs_always
from tierline.serving.clock.filed import filed
from tierline.serving.policy import Exclusion, Policy
from tierline.serving.routing.alarms import alarms_of, incidents_of
from tierline.serving.routing.conditions import Case
from tierline.serving.routing.decision import Decision, decide, held_tier, tier_of
from tierline.serving.routing.recommendation import Alternative, Reason
from tierline.serving.routing.review import alternatives
from tierline.serving.routing.standing import Standing, clock_reasons, cover
from tierline.serving.safety import SafetyHit
from tierline.serving.teams.answers import Assessment, Change
from tierline.serving.teams.assessment import assess
from tierline.serving.teams.exclusions import kept_from
from tierline.serving.teams.would_change import would_change


@dataclass(frozen=True)
class Question:
    """A ticket, what is known of it, and the policy it is judged by.

    Attributes:
        text: the ticket's normalised text; ``words`` is it as phrases are searched.
        said: what the model says; None without a model or text.
        hits: what the safety rules found.
        beside: reasons to add that decide nothing.
        never: where no ticket like this goes.
        described: the instant at which the ticket was as it says.
        what_if: whether to tell what would change the answer.
    """

    ticket: Ticket
    text: str
    words: str
    said: Prediction | None
    hits: tuple[SafetyHit, ...]
    beside: tuple[Reason, ...]
    policy: Policy
    never: tuple[Exclusion, ...]
    described: datetime
    what_if: bool

    @cached_property
    def alarms(self) -> tuple[Reason, ...]:
        """Safety's reasons: what the rules found, and what the model suspects."""
        return alarms_of(self.hits, self.said, self.text)

    def case(self, now: datetime, said: Prediction | None) -> Case:
        """Return what conditions see at ``now`` where the model says ``said``."""
        labels = {h: p.label for h, p in said.heads.items()} if said else {}
        return Case(
            self.ticket,
            self.text,
            self.words,
            self.policy.severity_of(self.ticket.stated_severity or labels.get("severity")),
            labels.get("issue_type"),
            labels.get("sentiment"),
            now,
            now - self.described,
        )

    def standing(self, now: datetime) -> Standing:
        """Return the answer at ``now``, with its deadlines and with what has run out."""
        case = self.case(now, self.said)
        decision = decide(case, self.said, self.alarms, self.policy, self.never)
        assessment = assess(case, self.policy, incidents_of(self.alarms))
        calendar = self.policy.calendar_of(decision.team, decision.tier)
        start = filed(self.ticket, now, case.waited)
        safe = bool(self.alarms)
        due = deadlines(self.policy, decision.tier, calendar, case.severity, start, safe=safe)
        served = self._serving(decision, case)
        covered, who = cover(served, self.policy, decision.team) if served else (None, None)
        reasons = (*decision.reasons, *self.beside, *([covered] if covered else ()))
        notify = (*decision.notify, *([who] if who else ()))
        return Standing(
            tier=decision.tier,
            path=(decision.tier, *(t for t in decision.path if t > decision.tier)),
            team=decision.team,
            lane=decision.lane,
            reasons=(*reasons, *clock_reasons(case, due)),
            notify=tuple(dict.fromkeys(notify)),
            alternatives=self._alternatives(now),
            assessment=assessment,
            would_change=self._would_change(case, decision.tier, assessment),
            due=due,
            serving=served,
        )

    def _alternatives(self, now: datetime) -> tuple[Alternative, ...]:
        """Return the answers that nearly were; a severity that a person states has no other."""
        if self.said is None:
            return ()

        def tier_with(other: Prediction) -> int:
            found = alarms_of(self.hits, other, self.text)
            return tier_of(self.case(now, other), other, found, self.policy, self.never)

        stated = self.ticket.stated_severity is not None
        others = alternatives(self.said, tier_with)
        return tuple(o for o in others if not (stated and o.head == "severity"))

    def _would_change(self, case: Case, tier: int, found: Assessment) -> tuple[Change, ...]:
        if not self.what_if:
            return ()
        if held_tier(case.ticket, self.policy, unsafe=bool(self.alarms)) is not None:
            return ()  # Whatever the facts were, a person's lock would hold it where it is.

        def tier_at(other: Case) -> int:
            return tier_of(other, self.said, self.alarms, self.policy, self.never)

        return would_change(case, tier, found, self.policy, tier_at)

    def _serving(self, decision: Decision, case: Case) -> Serving | None:
        """Return who serves a ticket that can't wait; none stands in where a person placed it."""
        if not runs_always(self.policy, case.severity, bool(self.alarms)):
            return None
        others: tuple[str, ...] = ()
        if not decision.locked:
            own = () if case.issue_type is None else (case.issue_type,)
            labels = (*incidents_of(self.alarms), *own)
            barred = kept_from(decision.team, self.never, self.ticket, labels)
            others = stand_ins(self.policy, decision.team, decision.tier, barred)
        return serving(self.policy, decision.team, others, case.now)
