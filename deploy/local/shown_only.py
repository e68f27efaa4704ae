"""Why there are fewer alerts than exceedances: what some rules find is shown and never written of."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from analytics.rulebook import Rule

RuleVersion = tuple[str, str]
"""Id and version."""


class ShownOnly(NamedTuple):
    """Of ``exceeded`` findings ``shown`` are of ``rules`` that alert nobody (``notify = false``)."""

    exceeded: int
    shown: int
    rules: tuple[str, ...]

    def say(self, language: str) -> str:
        """One sentence in ``vi`` or ``en``; empty when every exceedance can raise an alert."""
        if not self.shown:
            return ""
        names = ", ".join(self.rules)
        if language == "vi":
            return (
                f"{self.shown} trong {self.exceeded} kết quả exceeded thuộc quy tắc chỉ hiển thị, không cảnh báo và "
                f"không gửi thư (notify = false): {names}; mỗi cặp quy tắc và đối tượng còn lại là một cảnh báo."
            )
        return (
            f"{self.shown} of the {self.exceeded} exceeded are of rules that are shown only, without alert or letter "
            f"(notify = false): {names}; of the others each rule and subject is one alert."
        )


def shown_only(exceeded: Iterable[RuleVersion], rules: Sequence[Rule]) -> ShownOnly:
    """Count the exceeded findings, given by their rule's id and version, that alert nobody."""
    silent = {(rule.id, rule.version) for rule in rules if not rule.notify}
    versions = list(exceeded)
    shown = [version for version in versions if version in silent]
    return ShownOnly(len(versions), len(shown), tuple(sorted({rule_id for rule_id, _ in shown})))
