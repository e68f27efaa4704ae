"""The park's water: what comes in, the central treatment plant, and where the treated water goes."""

from typing import NamedTuple

from simulators.plant_models.calendar import Moment
from simulators.plant_models.firms import FirmMinute
from simulators.plant_models.noise import Wander
from simulators.plant_models.signals import SignalBoard
from telemetry_model.park_register import Park

NETWORK_LOSS_SHARE = 0.04
REUSED_SHARE = 0.58
TREATMENT_MINUTES = 480.0
"""Time constant of the biological stage: it spreads a surge over many hours."""
USUAL_COD_MG_L = 95.0
AERATION_KW_PER_M3_H = 0.55


class WaterBalance(NamedTuple):
    """Flows of one minute, m3/h. Two equations must close: use = consumed + wastewater, wastewater = out + reused."""

    used: float
    consumed: float
    wastewater: float
    discharged: float
    reused: float
    intake: float


def device_with_role(park: Park, role: str) -> str:
    """The device that measures a role, or an empty text."""
    points = park.points_with_role(role)
    return points[0].device if points else ""


class CentralPlant:
    """Collects every firm's wastewater, cleans it, and sends a good half back as process water."""

    def __init__(self, park: Park, seed: int, step_minutes: int = 1) -> None:
        self._step_minutes = step_minutes
        outlets = [i for i in park.installations.values() if i.kind == "wastewater_outlet"]
        self._analyser = outlets[0].device if outlets else ""
        self._discharge = device_with_role(park, "wastewater_discharged")
        self._reuse = device_with_role(park, "wastewater_reused")
        self._intake = device_with_role(park, "water_intake")
        names = ("reuse", "cod", "nh4", "tss", "ph", "temperature", "intake", "power")
        self._noise = {name: Wander(seed, f"central/{name}", 60, 0.25) for name in names}
        self._load_mg_l = USUAL_COD_MG_L

    def start_counters(self, board: SignalBoard, hours_in_service: float) -> None:
        """Readings the flow meters have reached when the simulation begins."""
        board.start_counter(f"{self._discharge}.volume", 42.0 * hours_in_service)
        board.start_counter(f"{self._reuse}.volume", 58.0 * hours_in_service)
        board.start_counter(f"{self._intake}.volume", 95.0 * hours_in_service)

    def minute(self, moment: Moment, firms: list[FirmMinute], board: SignalBoard) -> tuple[WaterBalance, float]:
        """Treat one minute of wastewater; returns the balance and the plant's own electricity in kW."""
        used = sum(firm.water_m3_h for firm in firms)
        inflow = sum(firm.wastewater_m3_h for firm in firms)
        mixed = sum(firm.wastewater_m3_h * firm.cod_mg_l for firm in firms) / inflow if inflow else 0.0
        self._load_mg_l += (mixed - self._load_mg_l) * self._step_minutes / TREATMENT_MINUTES
        wave = {name: noise.at(moment.minute) for name, noise in self._noise.items()}
        reused = inflow * (REUSED_SHARE + 0.02 * wave["reuse"])
        discharged = inflow - reused
        intake = max(0.0, used * (1 + NETWORK_LOSS_SHARE) - reused) * (1 + 0.01 * wave["intake"])
        self._show(board, wave)
        for device, flow in ((self._discharge, discharged), (self._reuse, reused), (self._intake, intake)):
            board.gauge(f"{device}.flow", flow)
            board.rate(f"{device}.volume", flow)
        power_kw = 45.0 + AERATION_KW_PER_M3_H * inflow + 6.0 * wave["power"]
        return WaterBalance(used, used - inflow, inflow, discharged, reused, intake), power_kw

    def _show(self, board: SignalBoard, wave: dict[str, float]) -> None:
        device = self._analyser
        board.gauge(f"{device}.cod", 13.0 + 0.2 * self._load_mg_l + 3.5 * wave["cod"])
        board.gauge(f"{device}.nh4_n", 1.9 + 0.55 * wave["nh4"])
        board.gauge(f"{device}.tss", 19.0 + 4.5 * wave["tss"])
        board.gauge(f"{device}.ph", 7.25 + 0.22 * wave["ph"])
        board.gauge(f"{device}.temperature", 29.0 + 1.2 * wave["temperature"])
