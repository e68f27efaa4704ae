"""The Vietnamese of words that sentences of evidence take in from data: citations, units, destinations of waste."""

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


def word_in_vietnamese(name: str, word: str) -> str:
    """What stands at the place ``name`` of a sentence, in Vietnamese; numbers, ids and names stay as they are."""
    if name == "citation":
        return cite_in(word, "vi")
    known = _INSERTED.get(name, {})
    return ", ".join(known.get(part, part) for part in word.split(", ")) if known else word
