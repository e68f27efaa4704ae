"""The Vietnamese of what indicators say: why there is no value, and how a value was worked out."""

import re
from functools import cache

from analytics.wording import separated

SEPARATOR = "; "
_VIETNAMESE: dict[str, str] = {
    "{} is not in the register": "{} không có trong sổ đăng ký",
    "no point measures {}": "không có điểm nào đo {}",
    "{} is a momentary value": "{} là giá trị tức thời",
    "{} sent no valid value": "{} không gửi giá trị hợp lệ nào",
    "{}: the register fell from {} to {} and no exchange is on record":
        "{}: chỉ số giảm từ {} xuống {} mà không có hồ sơ thay công tơ",
    "{}: the register rose from {} to {} within {} h, more than is possible":
        "{}: chỉ số tăng từ {} lên {} trong {} h, nhiều hơn mức có thể",
    "{}: only {} valid registers, too few for a difference": "{}: chỉ có {} chỉ số hợp lệ, quá ít để tính chênh lệch",
    "{}: no register within {} h of {}, so the share of this period is not known":
        "{}: không có chỉ số trong {} h quanh {}, nên không biết phần của kỳ này",
    "the registers have no stretch in common": "các chỉ số không có khoảng thời gian chung",
    "only {} % of the expected data are there, {} % are needed": "chỉ có {} % dữ liệu dự kiến, cần {} %",
    "more than one product is made": "làm ra nhiều hơn một sản phẩm",
    "no facility of {} in park.toml names its process":
        "không cơ sở nào của {} trong park.toml ghi công nghệ (process)",
    "no energy norm of '{}' is known for {}": "chưa biết định mức năng lượng của '{}' cho ngày {}",
    "the norm of '{}' is in {}, the value in {} ({})": "định mức của '{}' tính bằng {}, giá trị tính bằng {} ({})",
    "no grid factor is known for some of {} to {}": "chưa biết hệ số phát thải lưới cho một phần từ {} đến {}",
    "the thresholds are of one year, the period is longer": "ngưỡng tính cho một năm, kỳ này dài hơn",
    "no threshold reached yet, and {} days are no year": "chưa đạt ngưỡng nào, và {} ngày chưa đủ một năm",
    "no threshold reached, but only {} of the data are there": "chưa đạt ngưỡng nào, nhưng chỉ có {} dữ liệu",
    "nothing was produced": "không làm ra sản phẩm nào",
    "the plant was never idle": "nhà máy không lúc nào nghỉ",
    "no mean power was measured": "không đo được công suất trung bình",
    "no energy was used": "không dùng năng lượng",
    "no energy was measured": "không đo được năng lượng",
    "no active energy was measured": "không đo được điện năng tác dụng",
    "no electricity was used": "không dùng điện",
    "'{}' of {} is not set in the register": "sổ đăng ký chưa ghi '{}' của {}",
    "'{}' of the outlet is not set in the register": "sổ đăng ký chưa ghi '{}' của cửa xả",
    "'{}' of {} is '{}' (known: {})": "'{}' của {} là '{}' (các giá trị hợp lệ: {})",
    "'{}' of {} names no device that measures {}": "'{}' của {} không chỉ thiết bị nào đo {}",
    "no price of '{}' is known for {}": "chưa biết giá của '{}' cho ngày {}",
    "the meter sent neither energy nor power": "công tơ không gửi điện năng lẫn công suất",
    "reactive energy without any active energy: check the meter":
        "có điện năng phản kháng mà không có điện năng tác dụng: hãy kiểm tra công tơ",
    "no water was used": "không dùng nước",
    "no water flowed in": "không có nước đi vào",
    "no material flowed in": "không có vật liệu đi vào",
    "no material is on record": "chưa có hồ sơ vật liệu",
    "no material was used": "không dùng vật liệu nào",
    "no waste is on record": "chưa có hồ sơ chất thải",
    "no waste manifest of this period is on record": "kỳ này chưa có chứng từ chất thải",
    "no product of {} or before is on record (products.csv)": "chưa có sản phẩm nào của năm {} trở về trước "
        "(products.csv)",
    "{} has no meter": "{} không có công tơ",
    "no slot has both flow and concentration": "không lúc nào có cả lưu lượng lẫn nồng độ",
    "a flow or a concentration is negative": "có lưu lượng hoặc nồng độ âm",
    "no slot has both concentration and flow": "không lúc nào có cả nồng độ lẫn lưu lượng",
    "a concentration or a flow is negative": "có nồng độ hoặc lưu lượng âm",
    "O2 of {} % is too near to air": "O2 {} % quá gần với không khí",
    "nothing enters": "không có gì đi vào",
    "nothing was treated": "không xử lý gì",
    "{} and {}.flow have no slot in common": "{} và {}.flow không có lúc nào cùng số liệu",
    "{}.flow is negative": "{}.flow âm",
    "{}.flow sent no valid value": "{}.flow không gửi giá trị hợp lệ nào",
    "{}.gas_flow sent no valid value": "{}.gas_flow không gửi giá trị hợp lệ nào",
    "the night flow of {} is negative": "lưu lượng ban đêm của {} âm",
    "no flow was measured at night": "không đo được lưu lượng ban đêm",
    "no flow was measured at night by all meters of {}": "không đủ mọi đồng hồ {} đo được lưu lượng ban đêm",
    "nothing flowed": "không có dòng chảy",
    "no treated water was metered": "không đo được nước đã xử lý",
    "no slot has both power and items of {}": "không lúc nào có cả công suất lẫn số sản phẩm của {}",
    "no point counts items of {}": "không có điểm nào đếm sản phẩm của {}",
    "the power of {} is negative": "công suất của {} âm",
    "the baseline expects no energy for these periods": "đường cơ sở không dự tính năng lượng cho các kỳ này",
    "the energy of the baseline never changed: no driver explains it":
        "năng lượng của đường cơ sở không hề thay đổi: không yếu tố nào giải thích được",
    "no period has its energy": "không kỳ nào có đủ số liệu năng lượng",
    "degrees of freedom of the baseline: {}, so its error is hardly known":
        "số bậc tự do của đường cơ sở: {}, nên hầu như không biết sai số của nó",
    "the meters have {} % of the month, {} % are needed, and production.csv has no energy_kwh":
        "công tơ có {} % của tháng, cần {} %, và production.csv không có energy_kwh",
    "the baseline explains too little of the energy to be used":
        "đường cơ sở giải thích quá ít phần năng lượng nên không dùng được",
    "outside the range of the baseline: {}": "ngoài phạm vi của đường cơ sở: {}",
    "list of indicators from memory: to be confirmed": "danh mục chỉ số theo trí nhớ: cần xác nhận",
    "the formula is from memory: to be confirmed": "công thức theo trí nhớ: cần xác nhận",
    "reuse, recycling and biological treatment count as diverted": "tái sử dụng, tái chế và xử lý sinh học được tính "
        "là chuyển hướng",
    "energy recovery does not": "thu hồi năng lượng thì không",
    "an unknown destination counts as not diverted": "không rõ nơi đến thì tính là không chuyển hướng",
    "from memory": "theo trí nhớ",
    "product data of {}": "số liệu sản phẩm năm {}",
    "sum of the loads of this code": "tổng các chuyến của mã này",
    "sum of all loads": "tổng các chuyến",
    "(reuse + recycling + biological) / waste x 100": "(tái sử dụng + tái chế + sinh học) / chất thải x 100",
    "landfill / waste x 100": "chôn lấp / chất thải x 100",
    "(reused + recycled content of what came in) / what came in x 100":
        "(phần tái sử dụng + tái chế trong vật liệu vào) / vật liệu vào x 100",
    "rise of the giver's register over the month": "mức tăng chỉ số bên giao trong tháng",
    "rise of the taker's register over the month": "mức tăng chỉ số bên nhận trong tháng",
    "given - taken, shown and never spread over the firms": "giao - nhận, để nguyên và không chia cho doanh nghiệp",
    "mass given over all links / waste on manifests x 100":
        "khối lượng giao qua mọi liên kết / chất thải trên chứng từ x 100",
    "reused / (reused + discharged) x 100": "tái sử dụng / (tái sử dụng + xả ra) x 100",
    "reused / (reused + intake) x 100": "tái sử dụng / (tái sử dụng + nước cấp) x 100",
    "reused / intake": "tái sử dụng / nước cấp",
    "grid electricity counts as not renewable": "điện lưới tính là không tái tạo",
    "what is exported is not taken off": "không trừ phần bán ra lưới",
    "interval: a setting": "khoảng thời gian: một thiết lập",
    "k = (0.90 / cos phi - 1) x 100 is from memory, and a replacement of the circular after the 2024 Electricity Law "
    "was not checked: to be confirmed":
        "k = (0.90 / cos phi - 1) x 100 là theo trí nhớ, chưa kiểm tra thông tư thay thế sau Luật Điện lực 2024: cần "
        "xác nhận",
    "night hours, legitimate night use and the hours of leakage a day are settings":
        "giờ ban đêm, lượng dùng ban đêm hợp lý và số giờ rò rỉ mỗi ngày là thiết lập",
    "thresholds of 3,000 tCO2e and 1,000 TOE a year from a secondary source: to be confirmed against the list":
        "ngưỡng 3.000 tCO2e và 1.000 TOE mỗi năm lấy từ nguồn thứ cấp: cần đối chiếu với danh mục",
    "without a production signal the idle load is the 5 % quantile of the means":
        "khi không có tín hiệu sản xuất, tải không hoạt động là phân vị 5 % của các giá trị trung bình",
    "defaults to be confirmed": "giá trị mặc định cần xác nhận",
    "electricity alone: other carriers are not metered": "chỉ tính điện: các dạng năng lượng khác không có công tơ",
    "data year {}, the newest found: later years use it too":
        "số liệu năm {}, mới nhất tìm được: các năm sau cũng dùng",
    "from memory: to be confirmed": "theo trí nhớ: cần xác nhận",
    "value from memory: to be confirmed": "giá trị theo trí nhớ: cần xác nhận",
    "the value was read, its data year is from memory: to be confirmed":
        "giá trị đã đọc được, năm số liệu theo trí nhớ: cần xác nhận",
    "CO2 factor read": "hệ số CO2 đã đọc được",
    "calorific value, CH4 and N2O from memory: to be confirmed": "nhiệt trị, CH4 và N2O theo trí nhớ: cần xác nhận",
    "the first day is not exact": "ngày đầu không chính xác",
    "until the seller bills by Decision 963/QD-BCT of 22 Apr 2026":
        "cho đến khi bên bán tính tiền theo Quyết định 963/QĐ-BCT ngày 22/4/2026",
    "CONFLICT: most programmes bill by these hours since 22 Apr 2026, but one source says that customer bills still "
    "need an amending circular, and one of July 2026 still lists the legacy hours: confirm with the seller from which "
    "day they are billed":
        "MÂU THUẪN: đa số chương trình tính theo các giờ này từ 22/4/2026, nhưng một nguồn nói hóa đơn khách hàng còn "
        "cần thông tư sửa đổi, và một nguồn tháng 7/2026 vẫn ghi giờ cũ: hãy xác nhận với bên bán áp dụng từ ngày nào",
    "the letter gives {} to {}: the lower end": "công văn ghi {} đến {}: lấy mức thấp",
    "{} TOE per million m3": "{} TOE mỗi triệu m3",
    "{} fossil, {} non-fossil": "{} hóa thạch, {} không hóa thạch",
    "mean by mass of the shares of all lots": "trung bình theo khối lượng các tỷ lệ của mọi lô",
}  # fmt: skip
_WORDS = {
    "tenant electricity": "điện của doanh nghiệp", "tenant water": "nước của doanh nghiệp",
    "tenant waste": "chất thải của doanh nghiệp", "grid import": "điện nhận từ lưới", "pv generation": "điện mặt trời",
    "chp generation": "điện đồng phát", "water intake": "nước cấp", "wastewater discharged": "nước thải xả ra",
    "wastewater reused": "nước thải tái sử dụng", "electricity": "điện", "the giver": "bên giao",
    "the taker": "bên nhận", "the intake": "nguồn cấp", "tenants": "các doanh nghiệp",
}  # fmt: skip
_NUMBER = re.compile(r"-?\d+(,\d{3})*(\.\d+)?( ?%)?")
CONFIDENCE = {"source": "nguồn công bố", "permit": "giấy phép", "setting": "giá trị cần xác nhận"}


def say_in(text: str, language: str) -> str:
    """A reason, or several joined by ``; ``, in ``vi`` or ``en``; what is not ours comes back unchanged."""
    if language != "vi" or not text:
        return text
    whole = _translated(text)
    return whole if whole != text else SEPARATOR.join(_translated(part) for part in text.split(SEPARATOR))


def confidence_in(confidence: str, language: str) -> str:
    """How sure a source is, in ``vi`` or ``en``."""
    return CONFIDENCE.get(confidence, confidence) if language == "vi" else confidence


def _translated(text: str) -> str:
    for pattern, vietnamese in _patterns():
        match = pattern.fullmatch(text)
        if match:
            return vietnamese.format(*(_word(word) for word in match.groups()))
    return text


def _word(text: str) -> str:
    return separated(text, "vi") if _NUMBER.fullmatch(text) else _WORDS.get(text, text)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    # The longest fixed text first: a short template must not swallow a sentence made from a longer one.
    ordered = sorted(_VIETNAMESE.items(), key=lambda pair: -len(pair[0].replace("{}", "")))
    return tuple((re.compile("([^;]+?)".join(map(re.escape, en.split("{}")))), vi) for en, vi in ordered)
