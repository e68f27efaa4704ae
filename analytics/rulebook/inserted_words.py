"""The Vietnamese of words that sentences of evidence take in from data: citations, units, destinations of waste."""

from collections.abc import Mapping

from analytics.rulebook.citation import cite_in

_INSERTED = {
    "source": {"meter registers": "chỉ số công tơ", "interval energies": "điện năng từng chu kỳ"},
    "unit": {
        "1": "", "d": "ngày", "year": "năm", "cases": "vụ", "links": "liên kết", "points": "điểm", "degC": "°C",
        "h": "giờ",
    },
    "destinations": {
        "reuse": "tái sử dụng", "recycling": "tái chế", "biological": "xử lý sinh học", "energy": "thu hồi năng lượng",
        "incineration": "đốt", "landfill": "chôn lấp", "unknown": "chưa rõ",
    },
}  # fmt: skip
"""Words that sentences take in from data, by the name of their place."""


def filled_in_vietnamese(template: str, words: Mapping[str, str]) -> str:
    """The Vietnamese template with what an English sentence held; numbers, ids and names stay as they are."""
    filled = template.format(**{name: _in_vietnamese(name, word) for name, word in words.items()})
    # A pure number has no unit: no blank is left in its place.
    return filled.replace(" :", ":").replace(" .", ".")


def _in_vietnamese(name: str, word: str) -> str:
    if name == "citation":
        return cite_in(word, "vi")
    known = _INSERTED.get(name, {})
    return ", ".join(known.get(part, part) for part in word.split(", ")) if known else word
