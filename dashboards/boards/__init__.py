"""The boards, built from a park's register: :func:`boards_of`. A panel without points in the park is left out."""

from dashboards.board import Board
from dashboards.boards.chain_health import chain_health
from dashboards.boards.park_overview import park_overview
from dashboards.boards.park_year import park_year
from dashboards.boards.tenant import tenant_board
from dashboards.boards.wastewater_and_emissions import wastewater_and_emissions
from telemetry_model.park_register import Park

__all__ = ["boards_of", "chain_health", "park_overview", "park_year", "tenant_board", "wastewater_and_emissions"]


def boards_of(park: Park) -> tuple[Board, ...]:
    """Every board this park has panels for, in the order of the navigation."""
    builders = (park_overview, tenant_board, wastewater_and_emissions, park_year, chain_health)
    return tuple(board for board in (build(park) for build in builders) if board.panels)
