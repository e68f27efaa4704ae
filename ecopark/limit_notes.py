"""What ``ecopark park check`` notes about sources without a limit, read off the rulebook."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from analytics.rulebook import Rule, load_rulebook
from analytics.rulebook.limits import permit_attributes
from analytics.rulebook.rule import Condition, Operator
from telemetry_model.park_register import Park
from telemetry_model.park_register.dated import Attribute, Era

_NUMBERS = (Operator.AT_LEAST, Operator.ABOVE, Operator.AT_MOST, Operator.BELOW)


def sources_without_limits(park: Park) -> list[str]:
    """Outlets, stacks and noise points whose attributes match no rule with a limit: nobody would judge them."""
    found: list[str] = []
    for installation in park.installations.values():
        rules = [
            rule for rule in load_rulebook()
            if rule.subject == installation.kind and any(c.attribute == "standard" for c in rule.applies_to)
        ]  # fmt: skip
        for era in installation.dated.eras:
            if rules and not any(rule.applies(era.attributes) for rule in rules):
                asked = ", ".join(sorted({c.attribute for rule in rules for c in rule.applies_to}))
                kind = installation.kind.replace("_", " ")
                found.append(
                    f"no limit applies to '{installation.id}'{_since(era)}: rules for a {kind} look at {asked}"
                )
    return found


def names_without_a_limit(park: Park) -> list[str]:
    """Columns, processes, kinds of equipment … that are allowed, but that no limit of the standard in force has."""
    found: list[str] = []
    for installation in park.installations.values():
        for era in installation.dated.eras:
            rules = [rule for rule in load_rulebook() if rule.subject == installation.kind and _meets(rule, era)]
            for words in (*_not_in_a_table(rules, era.attributes), *_in_no_condition(rules, era.attributes)):
                found.append(f"'{installation.id}'{_since(era)}: {words}")
    return found


def _meets(rule: Rule, era: Era) -> bool:
    return rule.valid_from < era.end_day and (rule.valid_to is None or rule.valid_to >= era.first_day)


def _not_in_a_table(rules: Iterable[Rule], known: Mapping[str, Attribute]) -> Iterable[str]:
    """Rules that apply and have a table of limits, but no line in it for what the register says."""
    without: dict[tuple[str, tuple[str, ...]], list[Rule]] = defaultdict(list)
    for rule in rules:
        has_own_limit = any(name in known for name in permit_attributes(rule))
        lines = rule.limit_by_column
        if lines and not has_own_limit and rule.applies(known) and known.get(rule.column_attribute) not in lines:
            without[rule.column_attribute, tuple(sorted(lines))].append(rule)
    for (attribute, columns), unlimited in without.items():
        said = f"{attribute} = '{known[attribute]}'" if attribute in known else f"{attribute} is not given"
        yield (
            f"{said}, and limits of {_standards(unlimited)} are for {attribute} {', '.join(columns)} alone: "
            f"no verdict by {_named(unlimited)}"
        )


def _in_no_condition(rules: Iterable[Rule], known: Mapping[str, Attribute]) -> Iterable[str]:
    """Rules that would apply if the register gave an attribute another name, where none applies with this one."""
    rules = tuple(rules)
    for attribute, name in known.items():
        others = [rule for rule in rules if _names(rule, attribute) and _would_apply(rule, known, attribute)]
        if not isinstance(name, str) or not others:
            continue
        # A rule of this name that only a size keeps away (from 10 MW on) is the standard's own answer.
        if not any(_would_apply(rule, known, "", _NUMBERS) for rule in rules if _asks(rule, attribute)):
            names = sorted({str(condition.value) for rule in others for condition in _names(rule, attribute)})
            yield (
                f"{attribute} = '{name}', and rules of {_standards(others)} are for {attribute} "
                f"{', '.join(names)} alone: {_named(others)} not applied"
            )


def _asks(rule: Rule, attribute: str) -> bool:
    return any(condition.attribute == attribute for condition in rule.applies_to)


def _names(rule: Rule, attribute: str) -> tuple[Condition, ...]:
    return tuple(
        condition
        for condition in rule.applies_to
        if condition.attribute == attribute and condition.operator is Operator.IS and isinstance(condition.value, str)
    )


def _would_apply(rule: Rule, known: Mapping[str, Attribute], but: str, without: tuple[Operator, ...] = ()) -> bool:
    """Whether all conditions hold ``but`` those on one attribute, and ``without`` those of some operators."""
    return all(
        condition.holds(known)
        for condition in rule.applies_to
        if condition.attribute != but and condition.operator not in without
    )


def _standards(rules: Iterable[Rule]) -> str:
    """The documents, as rules cite them: what stands before the first comma."""
    return ", ".join(dict.fromkeys(rule.citation.partition(",")[0] for rule in rules))


def _named(rules: Iterable[Rule]) -> str:
    first, *more = dict.fromkeys(rule.id for rule in rules)
    return f"{first} and {len(more)} more" if more else first


def _since(era: Era) -> str:
    return f" from {era.first_day} on" if era.first_day > date.min else ""
