"""Citations in Vietnamese: packs write them in English, e-mails, boards and scorecards are read in either language."""

import re
from functools import cache

_VIETNAMESE = {
    # Whole citations.
    "Connection contract (default: the column of QCVN 40:2011/BTNMT named in the contract)":
        "Hợp đồng đấu nối (mặc định: cột của QCVN 40:2011/BTNMT ghi trong hợp đồng)",
    "Environmental licence of the installation (no published CO limit for gas turbines was found)":
        "Giấy phép môi trường của cơ sở (không tìm thấy giới hạn CO công bố cho tuabin khí)",
    "Environmental licence, licensed flow (rule to be confirmed)":
        "Giấy phép môi trường, lưu lượng được cấp phép (quy tắc cần xác nhận)",
    "Data-quality rule of the operator: the same value for six hours or more is not a measurement":
        "Quy tắc chất lượng dữ liệu của đơn vị vận hành: giá trị không đổi từ sáu giờ trở lên không phải là số đo",
    "Data-quality rule of the operator: 80 % valid values for a daily mean is usual practice (to be confirmed)":
        "Quy tắc chất lượng dữ liệu của đơn vị vận hành: 80 % giá trị hợp lệ cho trung bình ngày là thông lệ "
        "(cần xác nhận)",
    "Arithmetic of the oxygen correction: C x (21 - O2_ref) / (21 - O2), O2 from 20.5 % on (level is a setting)":
        "Phép quy đổi O2: C x (21 - O2 tham chiếu) / (21 - O2), từ O2 20,5 % trở lên (mức là thiết lập)",
    "Target of the park operator (renewable_share_target_percent in the register; default 10 %)":
        "Mục tiêu của đơn vị vận hành khu (renewable_share_target_percent trong sổ đăng ký; mặc định 10 %)",
    "Ellen MacArthur Foundation, Circularity Indicators (method to be confirmed)":
        "Ellen MacArthur Foundation, các chỉ số tuần hoàn (phương pháp cần xác nhận)",
    "Sector energy norm for 2026 and later (none found)":
        "Định mức năng lượng của ngành từ năm 2026 (chưa tìm thấy)",
    "International Framework for Eco-Industrial Parks v2.0": "Khung quốc tế về khu công nghiệp sinh thái 2.0",
    # What stands in brackets.
    "target 100 %; alert level is a setting": "mục tiêu 100 %; mức cảnh báo là thiết lập",
    "full application to existing facilities from 2032 to be confirmed":
        "áp dụng toàn bộ cho cơ sở hiện hữu từ năm 2032 cần xác nhận",
    "four fields of the file name, five of a line, status": "bốn trường của tên tệp, năm trường mỗi dòng, trạng thái",
    "hours on bills are disputed: a dated setting per customer":
        "khung giờ trên hóa đơn còn khác nhau: thiết lập có ngày của từng khách hàng",
    "replaced; where it still applies is to be confirmed": "đã bị thay thế; nơi còn áp dụng cần xác nhận",
    "without Kq and Kf: to be confirmed": "không áp dụng Kq và Kf: cần xác nhận",
    "31 Mar every year from 2027": "31/3 hằng năm từ năm 2027",
    "31 Mar every second year": "31/3 hai năm một lần",
    "to be confirmed after": "cần xác nhận sau",
    "to be confirmed": "cần xác nhận",
    "values to be confirmed": "các giá trị cần xác nhận", "value to be confirmed": "giá trị cần xác nhận",
    "number to be confirmed": "con số cần xác nhận", "level to be confirmed": "mức cần xác nhận",
    "benchmark to be confirmed": "mức chuẩn cần xác nhận", "5 % is a setting": "5 % là thiết lập",
    "not for sea water": "không áp dụng khi xả ra biển",
    # Texts and their parts.
    "Law": "Luật", "Decree": "Nghị định", "Circular": "Thông tư", "Decision": "Quyết định", "Art.": "Điều",
    "Annex": "Phụ lục", "Table": "Bảng", "column": "cột", "form": "biểu", "forms": "các biểu", "indicator": "chỉ số",
    "ND-CP": "NĐ-CP", "QD-TTg": "QĐ-TTg", "QD-BCT": "QĐ-BCT", "TT-BKHDT": "TT-BKHĐT",
    "as amended by": "được sửa đổi bởi", "as amended": "được sửa đổi", "reported as": "báo cáo theo",
    "benchmark": "mức chuẩn", "5 % benchmark": "mức chuẩn 5 %",
    "20 % benchmark": "mức chuẩn 20 %", "50 % benchmark": "mức chuẩn 50 %", "90 % benchmark": "mức chuẩn 90 %",
    "95 % benchmark": "mức chuẩn 95 %",
    "norms": "định mức", "and": "và", "from 1 Jan 2026": "từ 01/01/2026", "year": "năm",
    "by day": "ban ngày", "by night": "ban đêm", "grid emission factor of": "hệ số phát thải lưới điện năm",
    "grid factor 0.6592 tCO2/MWh of 2023": "hệ số lưới điện năm 2023 0,6592 tCO2/MWh",
    "outage of more than 24 h": "gián đoạn quá 24 giờ",
    "key energy user in industry": "cơ sở sử dụng năng lượng trọng điểm, công nghiệp",
    "key energy user, buildings": "cơ sở sử dụng năng lượng trọng điểm, tòa nhà",
    "concentrated zones": "khu tập trung", "other types from": "loại hình khác từ",
    "polluting types from": "loại hình có nguy cơ gây ô nhiễm từ", "m3/day": "m3/ngày",
    "this equipment class": "loại thiết bị này", "for column A since 2015": "áp dụng cho cột A từ năm 2015",
    "gas turbines up to 300 MW": "tuabin khí đến 300 MW", "gas turbines 300 to 1200 MW": "tuabin khí 300 đến 1200 MW",
    "gas turbines over 1200 MW": "tuabin khí trên 1200 MW", "biomass boilers": "nồi hơi sinh khối",
    "biomass boilers from 20 t/h": "nồi hơi sinh khối từ 20 t/h",
    "biomass boilers under 20 t/h": "nồi hơi sinh khối dưới 20 t/h",
    # Parameters.
    "as NO2": "theo NO2", "ammonium (as N)": "amoni (tính theo N)", "ammonium-N": "amoni (tính theo N)",
    "suspended solids": "chất rắn lơ lửng", "temperature": "nhiệt độ", "Dust": "bụi", "colour": "độ màu",
    "arsenic": "asen", "cadmium": "cadimi", "chloride": "clorua", "chromium": "crom", "copper": "đồng",
    "fluoride": "florua", "gross alpha activity": "tổng hoạt độ phóng xạ alpha",
    "gross beta activity": "tổng hoạt độ phóng xạ beta", "iron": "sắt", "lead": "chì", "manganese": "mangan",
    "mercury": "thủy ngân", "mineral oil and grease": "dầu mỡ khoáng", "nickel": "niken",
    "organochlorine pesticides": "hóa chất bảo vệ thực vật clo hữu cơ",
    "organophosphate pesticides": "hóa chất bảo vệ thực vật phốt pho hữu cơ", "residual chlorine": "clo dư",
    "sulfide": "sunfua", "total cyanide": "tổng xianua", "total nitrogen": "tổng nitơ", "total phenol": "tổng phenol",
    "total phosphorus": "tổng phốt pho", "as P": "tính theo P", "zinc": "kẽm", "20 degC": "20 °C",
}  # fmt: skip


def cite_in(citation: str, language: str) -> str:
    """A citation, or a sentence with one, in ``vi`` or ``en``; names and numbers of texts stay as they are."""
    if language != "vi":
        return citation
    return _pattern().sub(lambda found: _VIETNAMESE[found[0]], citation)


@cache
def _pattern() -> re.Pattern[str]:
    # The longest words first: a short one must not break up what is translated as a whole.
    words = "|".join(re.escape(words) for words in sorted(_VIETNAMESE, key=len, reverse=True))
    # Ids of points and firms keep their words: they go on with a dot or a hyphen.
    return re.compile(rf"(?<![\w.-])(?:{words})(?![\w-]|\.\w)")
