"""What went into a circular indicator, as the working names it: by its id in English, in words in Vietnamese."""

from analytics.wording import significant, unit_label

_VIETNAMESE = {
    "loads": "số chuyến", "destinations": "nơi đến", "hazardous": "nguy hại", "waste": "chất thải",
    "unknown_destination": "không rõ nơi đến", "secondary": "thứ cấp", "primary": "nguyên sinh", "mass": "khối lượng",
    "virgin_feedstock": "nguyên liệu nguyên sinh", "unrecoverable_waste": "chất thải không thu hồi được",
    "linear_flow_index": "chỉ số dòng tuyến tính (LFI)", "utility": "hệ số sử dụng (X)", "given": "đã giao",
    "taken": "đã nhận", "remainder": "chênh lệch", "exchanged": "đã trao đổi", "circular": "tuần hoàn",
    "other": "nguồn khác", "reused": "tái sử dụng", "inflow": "nước vào", "discharged": "xả ra",
}  # fmt: skip
_DESTINATIONS_VI = {
    "reuse": "tái sử dụng", "recycling": "tái chế", "biological": "xử lý sinh học", "energy": "thu hồi năng lượng",
    "incineration": "đốt", "landfill": "chôn lấp", "unknown": "không rõ",
}  # fmt: skip
_UNITS = {"percent": "%"}


def input_text(name: str, given: float | str, language: str) -> str:
    """``waste_t = 1,345.8``, or ``chất thải = 1.345,8 t``."""
    if language != "vi":
        return f"{name} = {given if isinstance(given, str) else significant(given, language)}"
    words, unit = _words_and_unit(name)
    if isinstance(given, str):
        return f"{words} = {', '.join(_DESTINATIONS_VI.get(word, word) for word in given.split(', '))}"
    return f"{words} = {significant(given, language)} {unit}".rstrip()


def _words_and_unit(name: str) -> tuple[str, str]:
    """An input is named with its unit at the end, unless it is a count, a ratio or words."""
    if name in _VIETNAMESE:
        return _VIETNAMESE[name], ""
    stem, _, unit = name.rpartition("_")
    if stem not in _VIETNAMESE:
        return name, ""
    return _VIETNAMESE[stem], _UNITS.get(unit, unit_label(unit))
