"""Names what a finding is about in the reader's language, from the park register: place, quantity, kind of place."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.alerting.texts import Texts
from analytics.finding import Finding
from analytics.rulebook.rule import Rule
from analytics.rulebook.text import rule_title
from telemetry_model.park_register import Installation, MeasuringPoint, Park
from telemetry_model.park_register.types import PARK_TENANT

OTHER_TOPIC = "other"


@dataclass(frozen=True, slots=True)
class Naming:
    """What the register says about a finding, in one language."""

    park: Park
    texts: Texts
    rules: Sequence[Rule] = ()

    @property
    def language(self) -> str:
        """``vi`` or ``en``."""
        return self.texts.language

    def place(self, finding: Finding) -> str:
        """The installation's name (with the point's id when a point is judged), else the firm's or the park's."""
        point = self.park.points.get(finding.subject)
        if point is not None:
            owner = next((i for i in self.park.installations.values() if i.device == point.device), None)
            return f"{self._installation_name(owner)} ({point.id})" if owner is not None else point.id
        installation = self.park.installations.get(finding.subject)
        if installation is not None:
            return self._installation_name(installation)
        if finding.subject in (self.park.id, PARK_TENANT):
            return self.park.name(self.language)
        tenant = self.park.tenants.get(finding.subject)
        return tenant.name if tenant is not None else finding.subject

    def tenant(self, finding: Finding) -> str:
        """Who answers for it."""
        if finding.tenant == PARK_TENANT:
            return self.park.name(self.language)
        tenant = self.park.tenants.get(finding.tenant)
        return tenant.name if tenant is not None else finding.tenant

    def quantity(self, finding: Finding) -> str:
        """The quantity judged; a rule that judges no single quantity gives its title."""
        if self.topic(finding) == "electricity_supply":
            key = {"1": "power_factor", "kW": "peak_demand"}.get(finding.unit)
            if key is not None:
                return self.texts.fill("quantity", key)
        point = main_point(self.park, finding)
        return point.title(self.language) if point is not None else self.rule(finding)

    def rule(self, finding: Finding) -> str:
        """The rule's title, or its id when the rulebook does not know it."""
        return rule_title(self.rules, finding.rule, self.language, finding.rule_version)

    def topic(self, finding: Finding) -> str:
        """The kind of installation, which decides the advice."""
        installation = self.park.installations.get(finding.subject)
        return installation.kind if installation is not None else OTHER_TOPIC

    def operator(self) -> str:
        """Names of the operator's contacts, or the park's name."""
        names = [contact.name for contact in self.park.contacts if contact.tenant == PARK_TENANT]
        return ", ".join(names) or self.park.name(self.language)

    def _installation_name(self, installation: Installation) -> str:
        return installation.name_vi if self.language == "vi" else installation.name_en


def main_point(park: Park, finding: Finding) -> MeasuringPoint | None:
    """The first point measured in the finding's unit; ``None`` when the finding is about no single point."""
    points = (park.points.get(point_id) for point_id in finding.points)
    return next((point for point in points if point is not None and point.unit == finding.unit), None)


def is_oxygen_corrected(park: Park, finding: Finding) -> bool:
    """Whether the verdict rests on values corrected to reference oxygen, which the measured ones are not."""
    points = (park.points.get(point_id) for point_id in finding.points)
    return any(point is not None and point.quantity.name == "oxygen" for point in points)
