"""What became of one delivery, for a sender that waits to hear it."""

from dataclasses import dataclass


@dataclass(slots=True)
class DeliveryOutcome:
    """``received`` readings are ``stored`` and ``quarantined`` ones, the latter counted by reason."""

    stored: int = 0
    quarantined: int = 0
    reasons: dict[str, int] | None = None

    def refuse(self, reason: str) -> None:
        """One reading went to the quarantine."""
        self.quarantined += 1
        self.reasons = self.reasons or {}
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
