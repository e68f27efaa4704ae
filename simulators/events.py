"""What can happen in a simulated park, to firms, plants and instruments: one struct a kind, as the file has it."""

import msgspec


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """When: local hours of a day relative to today (0); no ``day`` means the whole time.

    ``until_day`` lets it last over several days: from ``start_hour`` of ``day`` to ``end_hour`` of ``until_day``.
    """

    day: int | None = None
    until_day: int | None = None
    start_hour: float = 0.0
    end_hour: float = 24.0
    note: str = ""


class EffluentSurge(Event, frozen=True, tag="effluent_surge"):
    """A firm's wastewater carries ``cod_factor`` times its usual COD."""

    tenant: str = msgspec.field(default="")
    cod_factor: float = 1.0


class HiddenDischarge(Event, frozen=True, tag="hidden_discharge"):
    """A firm empties a tank into the sewer: ``flow_m3_h`` more wastewater of ``cod_mg_l``, without drawing water."""

    tenant: str = ""
    flow_m3_h: float = 0.0
    cod_mg_l: float = 0.0


class EnergyWaste(Event, frozen=True, tag="energy_waste"):
    """A firm draws ``extra_kw`` more than its production explains."""

    tenant: str = ""
    extra_kw: float = 0.0


class PoorPowerFactor(Event, frozen=True, tag="poor_power_factor"):
    """A firm draws its load at this power factor (its compensation is out of order)."""

    tenant: str = ""
    power_factor: float = 0.9


class StackUpset(Event, frozen=True, tag="stack_upset"):
    """The burner makes ``nox_factor`` times its usual NOx, in flue gas with ``oxygen_shift_percent`` more oxygen."""

    device: str = ""
    nox_factor: float = 1.0
    oxygen_shift_percent: float = 0.0


class DustEpisode(Event, frozen=True, tag="dust_episode"):
    """An air station sees ``factor`` times its usual fine dust."""

    device: str = ""
    factor: float = 1.0


class LostOnTheWay(Event, frozen=True, tag="lost_on_the_way"):
    """Of what a symbiosis link's giver weighs, only ``delivered_share`` reaches the taker's scale."""

    link: str = ""
    delivered_share: float = 1.0


class FrozenSensor(Event, frozen=True, tag="frozen_sensor"):
    """A point repeats the value it had when the event began; its status stays *measuring*."""

    point: str = ""


class SensorBias(Event, frozen=True, tag="sensor_bias"):
    """A point shows ``factor`` times the truth plus ``offset``; a laboratory still finds the truth."""

    point: str = ""
    factor: float = 1.0
    offset: float = 0.0


class Bypass(Event, frozen=True, tag="bypass"):
    """The wastewater goes past the probe: of each substance the device shows only ``shown_share``."""

    device: str = ""
    shown_share: float = 0.0


class Calibration(Event, frozen=True, tag="calibration"):
    """A device reports *calibrating*; ``values`` (by quantity) are the span gas it then sees."""

    device: str = ""
    values: dict[str, float] = {}


class InstrumentFault(Event, frozen=True, tag="instrument_fault"):
    """A device reports *fault* and gives no value."""

    device: str = ""


class MeterError(Event, frozen=True, tag="meter_error"):
    """A meter counts ``factor`` times what passes it (a phase is missing, a transformer ratio is wrong)."""

    device: str = ""
    factor: float = 1.0


class MeterExchange(Event, frozen=True, tag="meter_exchange"):
    """At the beginning of the event the meter is replaced by one whose registers stand at ``register``."""

    device: str = ""
    register: float = 0.0


class DeviceOffline(Event, frozen=True, tag="device_offline"):
    """A device does not answer at all."""

    device: str = ""


class GatewayOutage(Event, frozen=True, tag="gateway_outage"):
    """A gateway is switched off: nothing is read from any of its devices, and nothing says so."""

    gateway: str = ""


AnyEvent = (
    EffluentSurge
    | HiddenDischarge
    | EnergyWaste
    | PoorPowerFactor
    | StackUpset
    | DustEpisode
    | LostOnTheWay
    | FrozenSensor
    | SensorBias
    | Bypass
    | Calibration
    | InstrumentFault
    | MeterError
    | MeterExchange
    | DeviceOffline
    | GatewayOutage
)
