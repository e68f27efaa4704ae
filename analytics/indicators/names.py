"""What each indicator is called in Vietnamese and English; its id stays what programs and the store know it by."""

from typing import NamedTuple


class Name(NamedTuple):
    """One name in both languages."""

    vi: str
    en: str


_SUBSTANCES = {
    "cod": Name("COD", "COD"),
    "bod5": Name("BOD5", "BOD5"),
    "nh4_n": Name("amoni (N)", "ammonium N"),
    "total_n": Name("tổng nitơ", "total nitrogen"),
    "total_p": Name("tổng phốt pho", "total phosphorus"),
    "tss": Name("chất rắn lơ lửng", "suspended solids"),
}
_GASES = {
    "nox": Name("NOx", "NOx"),
    "co": Name("CO", "CO"),
    "so2": Name("SO2", "SO2"),
    "dust": Name("bụi", "dust"),
}
INDICATOR_NAMES: dict[str, Name] = {
    "electricity": Name("điện tiêu thụ", "electricity used"),
    "grid_electricity": Name("điện nhận từ lưới", "electricity from the grid"),
    "energy": Name("năng lượng quy đổi TOE", "energy in TOE"),
    "scope_1_emissions": Name("phát thải phạm vi 1", "scope 1 emissions"),
    "scope_2_emissions": Name("phát thải phạm vi 2", "scope 2 emissions"),
    "list_candidate": Name("đạt ngưỡng kiểm kê khí nhà kính", "greenhouse gas list reached"),
    "specific_energy": Name("suất tiêu hao năng lượng", "energy per product"),
    "specific_water_use": Name("suất tiêu hao nước", "water per product"),
    "peak_demand": Name("công suất cực đại", "peak demand"),
    "idle_load": Name("tải không hoạt động", "idle load"),
    "idle_energy_share": Name("tỷ lệ điện khi không sản xuất", "energy used while idle"),
    "power_factor": Name("hệ số công suất", "power factor"),
    "power_factor_charge": Name("tiền mua công suất phản kháng", "power-factor charge"),
    "time_of_use_cost": Name("tiền điện theo giờ", "cost by time of use"),
    "peak_energy_share": Name("tỷ lệ điện giờ cao điểm", "share of peak hours"),
    "renewable_share": Name("tỷ lệ điện tái tạo", "renewable share"),
    "water_use": Name("nước tiêu thụ", "water used"),
    "water_balance": Name("cân bằng nước", "water balance"),
    "mean_flow": Name("lưu lượng trung bình", "mean flow"),
    "night_flow": Name("lưu lượng ban đêm", "night flow"),
    "night_flow_share": Name("tỷ lệ lưu lượng ban đêm", "night flow share"),
    "night_leak": Name("rò rỉ tính từ ban đêm", "leakage told from the night"),
    "water_reuse_share": Name("tỷ lệ tái sử dụng nước", "water reuse share"),
    "circular_water_share": Name("tỷ lệ nước tuần hoàn", "circular water share"),
    "onsite_water_reuse_ratio": Name("hệ số tái sử dụng nước tại chỗ", "on-site water reuse ratio"),
    "treatment_energy": Name("điện cho xử lý nước thải", "energy of treatment"),
    "waste": Name("chất thải cân được", "waste weighed"),
    "waste_by_code": Name("chất thải theo mã", "waste by code"),
    "waste_on_manifests": Name("chất thải trên chứng từ", "waste on manifests"),
    "waste_diversion_share": Name("tỷ lệ chuyển hướng khỏi chôn lấp", "waste diverted"),
    "waste_landfill_share": Name("tỷ lệ chôn lấp", "waste to landfill"),
    "secondary_material_share": Name("tỷ lệ nguyên liệu thứ cấp", "secondary material share"),
    "reused_content": Name("phần tái sử dụng trong vật liệu vào", "reused content of inflow"),
    "recycled_content": Name("phần tái chế trong vật liệu vào", "recycled content of inflow"),
    "renewable_content": Name("phần tái tạo trong vật liệu vào", "renewable content of inflow"),
    "reused_outflow": Name("phần được tái sử dụng của vật liệu ra", "outflow that is reused"),
    "recycled_outflow": Name("phần được tái chế của vật liệu ra", "outflow that is recycled"),
    "recirculated_outflow": Name("phần về chu trình sinh học", "outflow recirculated biologically"),
    "material_circularity": Name("chỉ số tuần hoàn vật liệu (MCI)", "material circularity (MCI)"),
    "symbiosis_given": Name("cộng sinh: bên giao", "symbiosis: given"),
    "symbiosis_taken": Name("cộng sinh: bên nhận", "symbiosis: taken"),
    "symbiosis_remainder": Name("cộng sinh: chênh lệch", "symbiosis: remainder"),
    "symbiosis_intensity": Name("cường độ cộng sinh", "symbiosis intensity"),
    **{f"{key}_load": Name(f"tải lượng {name.vi}", f"{name.en} load") for key, name in _SUBSTANCES.items()},
    **{f"{key}_removal": Name(f"hiệu suất xử lý {name.vi}", f"{name.en} removal") for key, name in _SUBSTANCES.items()},
    **{f"{key}_mass_flow": Name(f"thải lượng {name.vi}", f"{name.en} mass flow") for key, name in _GASES.items()},
}


def indicator_name(indicator: str, language: str) -> str:
    """The name in ``vi`` or ``en``."""
    name = INDICATOR_NAMES[indicator]
    return name.vi if language == "vi" else name.en
