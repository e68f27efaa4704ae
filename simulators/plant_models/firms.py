"""The firms: how busy they are, and the electricity, water, effluent and waste that follow from it."""

import math
from typing import NamedTuple

from simulators.events import EffluentSurge, EnergyWaste, HiddenDischarge, PoorPowerFactor
from simulators.plant_models.calendar import Moment
from simulators.plant_models.noise import Wander
from simulators.plant_models.sectors import Sector, WorkingHours, sector_named
from simulators.plant_models.signals import SignalBoard
from simulators.scenario import PlacedEvent, PlacedScenario
from telemetry_model.park_register import Park

PEAK_SHARE_OF_CONTRACT = 0.8
MEAN_SHARE_OF_PEAK = 0.55
"""Used only to give counters a plausible reading at the start."""
NOMINAL_VOLTAGE_V = 230.0
SUB_METERED_SHARE = 0.97
"""The rest of a firm's load (lighting, sockets) has no meter of its own."""
ITEMS_PER_HOUR_PER_MW = 600.0


class FirmMinute(NamedTuple):
    """What the rest of the park needs to know of a firm in one minute."""

    load_kw: float
    reactive_kvar: float
    water_m3_h: float
    wastewater_m3_h: float
    cod_mg_l: float
    activity: float


class FirmDevices(NamedTuple):
    """Device ids of a firm; empty where it has none."""

    meter: str
    water: str
    outlet: str
    outlet_flow: str
    companions: tuple[str, ...]
    """Further probes at the outlet."""
    items: str
    """The device that counts what the firm produces."""
    sub_meters: tuple[str, ...]
    """Meters behind the main meter."""


def find_firm_devices(park: Park, tenant: str) -> FirmDevices:
    """A firm's devices, by what its installations and points say they are."""
    meter = outlet = water = outlet_flow = items = ""
    for installation in park.installations.values():
        if installation.tenant == tenant and installation.kind == "electricity_supply":
            meter = installation.device
        if installation.tenant == tenant and installation.kind == "tenant_outlet":
            outlet = installation.device
    companions: list[str] = []
    sub_meters: list[str] = []
    for point in park.points.values():
        if point.tenant != tenant:
            continue
        if point.role == "tenant_water":
            water = point.device
        elif point.quantity.name == "produced_items":
            items = point.device
        elif meter and point.parent.partition(".")[0] == meter:
            sub_meters.append(point.device)
        elif point.medium == "wastewater" and point.quantity.name == "volume":
            outlet_flow = point.device
        elif point.medium == "wastewater" and point.device.startswith("wq-") and point.device != outlet:
            companions.append(point.device)
    behind = tuple(dict.fromkeys(sub_meters))
    return FirmDevices(meter, water, outlet, outlet_flow, tuple(dict.fromkeys(companions)), items, behind)


class Firm:
    """One tenant."""

    def __init__(self, park: Park, tenant: str, scenario: PlacedScenario) -> None:
        seed = scenario.seed
        self.tenant = tenant
        self.sector: Sector = sector_named(park.tenants[tenant].sector, tenant)
        self.devices = find_firm_devices(park, tenant)
        supply = park.installations.get(f"{tenant}-supply")
        contracted = supply.dated.first.get("contracted_kw", 500) if supply else 500
        self.contracted_mw = float(str(contracted)) / 1000.0
        self._items_per_hour = ITEMS_PER_HOUR_PER_MW * self.contracted_mw
        self._hours = WorkingHours(self.sector)
        self._load = Wander(seed, f"{tenant}/load", 15, 0.25)
        self._factor = Wander(seed, f"{tenant}/power-factor", 30, 0.3)
        self._voltage = Wander(seed, f"{tenant}/voltage", 60, 0.3)
        self._water = Wander(seed, f"{tenant}/water", 20, 0.3)
        self._cod = Wander(seed, f"{tenant}/cod", 60, 0.2)
        self._split = Wander(seed, f"{tenant}/sub-meters", 60, 0.1)
        self._temperature = Wander(seed, f"{tenant}/temperature", 120, 0.1)
        self._ph = Wander(seed, f"{tenant}/ph", 120, 0.15)
        self._surges: list[PlacedEvent[EffluentSurge]] = [
            p for p in scenario.events(EffluentSurge) if p.event.tenant == tenant
        ]
        self._poor: list[PlacedEvent[PoorPowerFactor]] = [
            p for p in scenario.events(PoorPowerFactor) if p.event.tenant == tenant
        ]
        self._waste: list[PlacedEvent[EnergyWaste]] = [
            p for p in scenario.events(EnergyWaste) if p.event.tenant == tenant
        ]
        self._hidden: list[PlacedEvent[HiddenDischarge]] = [
            p for p in scenario.events(HiddenDischarge) if p.event.tenant == tenant
        ]

    def start_counters(self, board: SignalBoard, hours_in_service: float) -> None:
        """Readings the meters have reached when the simulation begins."""
        mean_kw = self.contracted_mw * 1000 * PEAK_SHARE_OF_CONTRACT * MEAN_SHARE_OF_PEAK
        mean_m3_h = self.contracted_mw * self.sector.water_m3_h_per_mw * 0.6
        board.start_counter(f"{self.devices.meter}.active_energy_import", mean_kw * hours_in_service)
        board.start_counter(f"{self.devices.meter}.reactive_energy_import", 0.33 * mean_kw * hours_in_service)
        board.start_counter(f"{self.devices.water}.volume", mean_m3_h * hours_in_service)
        board.start_counter(f"{self.devices.items}.produced_items", 0.5 * self._items_per_hour * hours_in_service)
        for device in self.devices.sub_meters:
            share = SUB_METERED_SHARE / len(self.devices.sub_meters)
            board.start_counter(f"{device}.active_energy_import", share * mean_kw * hours_in_service)
        board.start_counter(
            f"{self.devices.outlet_flow}.volume", mean_m3_h * self.sector.wastewater_share * hours_in_service
        )

    def minute(self, moment: Moment, board: SignalBoard) -> FirmMinute:
        """Work for one minute and show it on the firm's meters."""
        activity = self._hours.activity(moment)
        load_kw, reactive_kvar = self._electricity(moment, activity)
        water, wastewater = self._flows(moment, activity)
        cod = self.sector.cod_mg_l * (1 + 0.1 * self._cod.at(moment.minute))
        for surge in self._surges:
            cod *= surge.event.cod_factor if surge.covers(moment.minute * 60_000) else 1.0
        for hidden in self._hidden:
            if hidden.covers(moment.minute * 60_000):
                more = hidden.event.flow_m3_h
                cod = (wastewater * cod + more * hidden.event.cod_mg_l) / (wastewater + more)
                wastewater += more
        now = FirmMinute(load_kw, reactive_kvar, water, wastewater, cod, activity)
        self._show(moment, board, now)
        return now

    def _electricity(self, moment: Moment, activity: float) -> tuple[float, float]:
        peak_kw = self.contracted_mw * 1000 * PEAK_SHARE_OF_CONTRACT
        share = self.sector.base_share + (1 - self.sector.base_share) * activity * 0.92
        if self.sector.cycle_minutes:
            phase = moment.minute % self.sector.cycle_minutes / self.sector.cycle_minutes
            share += 0.08 * activity * math.sin(2 * math.pi * phase)
        load_kw = peak_kw * share * (1 + 0.05 * self._load.at(moment.minute))
        load_kw += sum(w.event.extra_kw for w in self._waste if w.covers(moment.minute * 60_000))
        power_factor = self.sector.power_factor
        for poor in self._poor:
            if poor.covers(moment.minute * 60_000):
                power_factor = poor.event.power_factor
        power_factor += 0.006 * self._factor.at(moment.minute)
        return load_kw, load_kw * math.sqrt(1 / power_factor**2 - 1)

    def _flows(self, moment: Moment, activity: float) -> tuple[float, float]:
        full = self.contracted_mw * self.sector.water_m3_h_per_mw
        water = full * (0.08 + 0.92 * activity) * (1 + 0.07 * self._water.at(moment.minute))
        return water, water * self.sector.wastewater_share

    def _show(self, moment: Moment, board: SignalBoard, now: FirmMinute) -> None:
        meter, minute = self.devices.meter, moment.minute
        voltage = NOMINAL_VOLTAGE_V + 2.5 * self._voltage.at(minute) - 2.0 * now.activity
        apparent_kva = math.hypot(now.load_kw, now.reactive_kvar)
        board.gauge(f"{meter}.active_power", now.load_kw)
        board.gauge(f"{meter}.reactive_power", now.reactive_kvar)
        board.gauge(f"{meter}.voltage", voltage)
        board.gauge(f"{meter}.current", apparent_kva * 1000 / (3 * voltage))
        board.rate(f"{meter}.active_energy_import", now.load_kw)
        board.rate(f"{meter}.reactive_energy_import", now.reactive_kvar)
        board.gauge(f"{self.devices.water}.flow", now.water_m3_h)
        board.rate(f"{self.devices.water}.volume", now.water_m3_h)
        board.rate(f"{self.devices.items}.produced_items", self._items_per_hour * now.activity)
        tilt = 0.1 * self._split.at(minute)
        for index, device in enumerate(self.devices.sub_meters):
            # Pairs lean against one another; with an odd number the last one keeps its share.
            lean = tilt * (1 - 2 * (index % 2)) if index + 1 < len(self.devices.sub_meters) or index % 2 else 0.0
            share = SUB_METERED_SHARE / len(self.devices.sub_meters) * (1 + lean)
            board.gauge(f"{device}.active_power", share * now.load_kw)
            board.rate(f"{device}.active_energy_import", share * now.load_kw)
        if not self.devices.outlet:
            return
        board.gauge(f"{self.devices.outlet_flow}.flow", now.wastewater_m3_h)
        board.rate(f"{self.devices.outlet_flow}.volume", now.wastewater_m3_h)
        temperature = 31.0 + 1.5 * self._temperature.at(minute)
        for device in (self.devices.outlet, *self.devices.companions):
            board.gauge(f"{device}.cod", now.cod_mg_l)
            board.gauge(f"{device}.temperature", temperature)
            board.gauge(f"{device}.ph", 7.2 + 0.25 * self._ph.at(minute))
            board.gauge(f"{device}.nh4_n", 6.0 + 0.01 * now.cod_mg_l + 0.5 * self._cod.at(minute))
