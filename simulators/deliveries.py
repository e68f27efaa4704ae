"""What can happen to readings between instrument and ingest: late, held back, sent twice, mis-stamped, mis-scaled."""

import msgspec


class Mishap(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """When: local hours of a day relative to today (0), up to ``end_hour`` of ``until_day`` where that is given."""

    day: int = 0
    until_day: int | None = None
    start_hour: float = 0.0
    end_hour: float = 24.0
    note: str = ""


class LateDelivery(Mishap, frozen=True, tag="late_delivery"):
    """What a gateway measured in this time reaches ingest ``days_late`` days after the time is over."""

    gateway: str = ""
    days_late: float = 1.0


class BrokerOutage(Mishap, frozen=True, tag="broker_outage"):
    """Nothing passes the broker; at the end all of it comes at once, in order, and ``resent_share`` of it twice."""

    resent_share: float = 0.0


class ClockShift(Mishap, frozen=True, tag="clock_shift"):
    """A gateway's clock is ``minutes`` ahead (negative: behind), and its readings are stamped by it."""

    gateway: str = ""
    minutes: float = 60.0


class WrongValues(Mishap, frozen=True, tag="wrong_values"):
    """A point's values are sent times ``factor``, under ``unit`` where one is named.

    With ``corrected_days_later`` the right values are sent again that long after the time is over.
    """

    point: str = ""
    factor: float = 1.0
    unit: str = ""
    corrected_days_later: float | None = None


AnyMishap = LateDelivery | BrokerOutage | ClockShift | WrongValues
