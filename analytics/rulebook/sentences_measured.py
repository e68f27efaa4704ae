"""Sentences about what was measured: how much of it, what was left out, and what was reckoned from it."""

from analytics.rulebook.sentence import Sentence

MEASURED: dict[str, Sentence] = {
    "counts": Sentence(
        "{valid} of {expected} expected values were valid; {calibrating} calibrating, {fault} instrument fault, "
        "{uncertain} without a usable value, {missing} missing.",
        "{valid} trên {expected} giá trị dự kiến là hợp lệ; {calibrating} đang hiệu chuẩn, {fault} lỗi thiết bị, "
        "{uncertain} không có giá trị dùng được, {missing} bị thiếu.",
    ),
    "readings_left_out": Sentence(
        "{count} single readings within the valid values of {point} were left out: calibrating, faulty or unusable.",
        "{count} lần đọc đơn trong các giá trị hợp lệ của {point} bị loại: đang hiệu chuẩn, lỗi hoặc không dùng được.",
    ),
    "impossible": Sentence(
        "{count} values of {point} were left out: outside what is possible there, {low} to {high} {unit}.",
        "{count} giá trị của {point} bị loại: ngoài khoảng có thể tại đó, {low} đến {high} {unit}.",
    ),
    "no_data": Sentence("No valid value in this period.", "Không có giá trị hợp lệ trong kỳ này."),
    "point_no_data": Sentence(
        "{point}: no valid value in this period.", "{point}: không có giá trị hợp lệ trong kỳ này."
    ),
    "mean": Sentence(
        "The mean of the {valid} valid values is {observed} {unit}.",
        "Trung bình của {valid} giá trị hợp lệ là {observed} {unit}.",
    ),
    "flat_left_out": Sentence(
        "{count} values were left out because {point} stayed at exactly {value} for {hours} h (rule {rule}).",
        "{count} giá trị bị loại vì {point} giữ nguyên đúng {value} trong {hours} h (quy tắc {rule}).",
    ),
    "flat_left_out_often": Sentence(
        "{count} values were left out in {stretches} stretches in which {point} stayed at exactly one value, for "
        "{hours} h at most (rule {rule}).",
        "{count} giá trị bị loại trong {stretches} khoảng mà {point} giữ nguyên đúng một giá trị, dài nhất {hours} h "
        "(quy tắc {rule}).",
    ),
    "outside_range": Sentence(
        "{count} of {valid} single values were outside {low} to {high} {unit}.",
        "{count} trên {valid} giá trị đơn nằm ngoài khoảng {low} đến {high} {unit}.",
    ),
    "o2_corrected": Sentence(
        "Each value was corrected to {reference} % O2: C x (21 - {reference}) / (21 - O2); mean O2 was {o2} %.",
        "Mỗi giá trị được quy đổi về {reference} % O2: C x (21 - {reference}) / (21 - O2); O2 trung bình {o2} %.",
    ),
    "o2_left_out": Sentence(
        "{count} values were left out because O2 was {invalid_from} % or more, where the correction is not valid "
        "(rule AIR-03).",
        "{count} giá trị bị loại vì O2 từ {invalid_from} % trở lên, khi đó quy đổi không hợp lệ (quy tắc AIR-03).",
    ),
    "o2_missing": Sentence(
        "{count} values were left out because no valid O2 was measured at the same time.",
        "{count} giá trị bị loại vì không có O2 hợp lệ cùng thời điểm.",
    ),
    "o2_at_reference": Sentence(
        "The register says the values are already at reference O2 (already_at_reference_o2): no correction.",
        "Sổ đăng ký ghi giá trị đã ở O2 tham chiếu (already_at_reference_o2): không quy đổi.",
    ),
    "o2_no_point": Sentence(
        "No O2 point at {device}: the values cannot be corrected to {reference} % O2. If they already are, set "
        "already_at_reference_o2 = true in the register.",
        "Không có điểm đo O2 tại {device}: không thể quy đổi về {reference} % O2. Nếu đã quy đổi, đặt "
        "already_at_reference_o2 = true trong sổ đăng ký.",
    ),
    "energy": Sentence(
        "Active energy {active} kWh and reactive energy {reactive} kvarh, from {source}: cos phi = "
        "Ap / sqrt(Ap^2 + Aq^2) = {observed}.",
        "Điện năng tác dụng {active} kWh và phản kháng {reactive} kvarh, từ {source}: cos phi = "
        "Ap / sqrt(Ap^2 + Aq^2) = {observed}.",
    ),
    "no_energy": Sentence(
        "No energy was taken in this period, so there is no power factor.",
        "Không tiêu thụ điện trong kỳ này nên không có hệ số công suất.",
    ),
    "register_fell": Sentence(
        "The register of {point} fell from {before} to {after} (roll-over or meter exchange): no verdict.",
        "Chỉ số của {point} giảm từ {before} xuống {after} (quay vòng hoặc thay công tơ): không kết luận.",
    ),
    "register_jumped": Sentence(
        "The register of {point} rose from {before} to {after} {unit} within {hours} h, where {margin} times the "
        "contracted {contracted} kW give {most} at most (meter exchange or faulty reading): no verdict.",
        "Chỉ số của {point} tăng từ {before} lên {after} {unit} trong {hours} h, trong khi {margin} lần công suất "
        "đăng ký {contracted} kW chỉ cho tối đa {most} (thay công tơ hoặc đọc sai): không kết luận.",
    ),
    "register_jumped_unusually": Sentence(
        "The register of {point} rose from {before} to {after} {unit} within {hours} h, more than {margin} times its "
        "median rise of {median} an hour (meter exchange or faulty reading): no verdict.",
        "Chỉ số của {point} tăng từ {before} lên {after} {unit} trong {hours} h, hơn {margin} lần mức tăng trung vị "
        "{median} mỗi giờ (thay công tơ hoặc đọc sai): không kết luận.",
    ),
    "register_few": Sentence(
        "{point}: only {count} hours or intervals with a valid register, too few for a difference: no verdict.",
        "{point}: chỉ có {count} giờ hoặc chu kỳ có chỉ số hợp lệ, quá ít để tính chênh lệch: không kết luận.",
    ),
    "counter_span": Sentence(
        "{point}: {amount} {unit} between the first and last valid register; {count} of {expected} hours or intervals "
        "had one.",
        "{point}: {amount} {unit} giữa chỉ số hợp lệ đầu và cuối; {count} trên {expected} giờ hoặc chu kỳ có chỉ số.",
    ),
    "counter_rise": Sentence(
        "{point}: {amount} {unit} from the register of {first} to that of {last}; {count} of {expected} hours or "
        "intervals had one.",
        "{point}: {amount} {unit} từ chỉ số lúc {first} đến chỉ số lúc {last}; {count} trên {expected} giờ hoặc chu kỳ "
        "có chỉ số.",
    ),
    "register_interpolated": Sentence(
        "{point} is read every {minutes} min: its register at each half hour is interpolated evenly between the "
        "readings before and after it.",
        "{point} được đọc mỗi {minutes} phút: chỉ số tại mỗi nửa giờ được nội suy đều giữa hai lần đọc liền kề.",
    ),
    "edge_unknown": Sentence(
        "{point} has no valid register within {hours} h of {at}: what it counted across that gap belongs to no known "
        "period, the amount is the least it can be.",
        "{point} không có chỉ số hợp lệ trong {hours} h quanh {at}: lượng đếm qua khoảng trống đó không biết thuộc kỳ "
        "nào, lượng nêu trên là mức tối thiểu.",
    ),
    "common_stretch": Sentence(
        "Compared from {first} to {last}, where every register is known.",
        "So sánh từ {first} đến {last}, khi mọi chỉ số đều có.",
    ),
    "common_slots": Sentence(
        "Compared over the {count} of {expected} intervals in which every amount is known.",
        "So sánh trong {count} trên {expected} chu kỳ có đủ mọi lượng.",
    ),
    "common_none": Sentence(
        "There is no stretch of this period in which every register is known.",
        "Không có khoảng nào trong kỳ này mà mọi chỉ số đều có.",
    ),
    "sum_partial": Sentence(
        "The sum is of a part of the period only: it would show that the limit is exceeded, but not that it is kept, "
        "so no verdict is given.",
        "Tổng này chỉ là một phần của kỳ: có thể chứng tỏ vượt giới hạn nhưng không chứng tỏ đã tuân thủ, nên không "
        "kết luận.",
    ),
    "sum_at_most": Sentence(
        "{point}: with every missing interval as great as the greatest measured one, it would be {most} {unit} "
        "at most.",
        "{point}: nếu mỗi chu kỳ thiếu đều bằng chu kỳ lớn nhất đo được thì nhiều nhất là {most} {unit}.",
    ),
    "meter_exchanged": Sentence(
        "The meter of {point} was exchanged at {at}: number {old} ended at {last}, number {new} began at {first}.",
        "Công tơ của {point} được thay lúc {at}: số {old} kết thúc ở {last}, số {new} bắt đầu từ {first}.",
    ),
    "interval_sum": Sentence(
        "{point}: {amount} {unit}, the sum of {count} of {expected} intervals.",
        "{point}: {amount} {unit}, tổng của {count} trên {expected} chu kỳ.",
    ),
    "share": Sentence(
        "{numerator} / {denominator} = {observed} %.", "{numerator} / {denominator} = {observed} %."
    ),
    "share_nothing": Sentence(
        "The total is zero in this period, so there is no share.", "Tổng bằng không trong kỳ này nên không có tỷ lệ."
    ),
    "live": Sentence(
        "{live} of {firms} firms had live electricity, water and waste data.",
        "{live} trên {firms} doanh nghiệp có dữ liệu điện, nước và chất thải trực tuyến.",
    ),
    "not_live": Sentence("{tenant}: {missing} not live.", "{tenant}: {missing} không trực tuyến."),
    "flat_longest": Sentence(
        "Longest run of one and the same value: {hours} h (value {value}).",
        "Chuỗi dài nhất giữ nguyên một giá trị: {hours} h (giá trị {value}).",
    ),
    "status_share": Sentence(
        "{valid} of {expected} expected values were measured with status 00: {observed} %.",
        "{valid} trên {expected} giá trị dự kiến được đo ở trạng thái 00: {observed} %.",
    ),
    "status_longest": Sentence(
        "Longest unbroken stretch with status 01 or 02: {hours} h.",
        "Khoảng liên tục dài nhất ở trạng thái 01 hoặc 02: {hours} h.",
    ),
    "status_silent": Sentence(
        "{hours} h of that stretch are without any data.", "Trong khoảng đó có {hours} h không có dữ liệu nào."
    ),
    "interval_too_long": Sentence(
        "{point} measures once in {interval} min: no mean of {hours} h can be made of that.",
        "{point} chỉ đo một lần mỗi {interval} phút: không thể tính trung bình {hours} h từ đó.",
    ),
    "slot_maximum": Sentence(
        "The highest of {valid} valid values is {observed} {unit}; {count} reached {limit} {unit}.",
        "Giá trị cao nhất trong {valid} giá trị hợp lệ là {observed} {unit}; {count} giá trị đạt {limit} {unit}.",
    ),
    "o2_no_reference": Sentence(
        "Neither the rule nor 'o2_reference_percent' of the register gives a reference oxygen: no verdict.",
        "Cả quy tắc lẫn 'o2_reference_percent' của sổ đăng ký đều không cho O2 tham chiếu: không kết luận.",
    ),
    "energy_equivalent": Sentence(
        "{amount} kWh x {factor} {unit}/kWh = {observed} {unit}; fuels are not counted here.",
        "{amount} kWh x {factor} {unit}/kWh = {observed} {unit}; chưa tính nhiên liệu.",
    ),
    "balance": Sentence(
        "{giver} gave {given} {unit}, {taker} received {received} {unit}: remainder {observed} %.",
        "{giver} giao {given} {unit}, {taker} nhận {received} {unit}: chênh lệch {observed} %.",
    ),
    "balance_nothing": Sentence(
        "Nothing was given over this link in this period.", "Không có giao nhận trên liên kết này trong kỳ."
    ),
    "waste_share": Sentence(
        "Waste manifests: {part} of {whole} t went to {destinations}; the destination of {unknown} t is unknown.",
        "Chứng từ chất thải: {part} trên {whole} t chuyển đến {destinations}; chưa rõ nơi đến của {unknown} t.",
    ),
    "specific_energy": Sentence(
        "{energy} kWh for {made} {unit} in {count} of {expected} whole months (production.csv; {metered} months from "
        "the meters, the others from the bill); other carriers are not counted.",
        "{energy} kWh cho {made} {unit} trong {count} trên {expected} tháng trọn (production.csv; {metered} tháng "
        "theo công tơ, còn lại theo hóa đơn); chưa tính các dạng năng lượng khác.",
    ),
    "specific_energy_unclear": Sentence(
        "production.csv: {tenant} has more than one product or facility, or none in {unit}: nobody can tell which took "
        "how much energy.",
        "production.csv: {tenant} có nhiều sản phẩm hoặc nhiều cơ sở, hoặc không có sản phẩm tính bằng {unit}: không "
        "thể biết phần nào dùng bao nhiêu năng lượng.",
    ),
    "other_carriers": Sentence(
        "Electricity alone keeps the norm, but the norm counts all carriers: no verdict without a record, or "
        "energy_carriers = 'electricity' in the register where nothing else is used.",
        "Chỉ riêng điện thì đạt định mức, nhưng định mức tính mọi dạng năng lượng: không kết luận nếu thiếu hồ sơ, "
        "hoặc energy_carriers = 'electricity' trong sổ đăng ký khi không dùng dạng nào khác.",
    ),
    "peak_share": Sentence(
        "{peak} of {whole} kWh were used in peak hours ({hours}) = {observed} %.",
        "{peak} trên {whole} kWh dùng trong giờ cao điểm ({hours}) = {observed} %.",
    ),
    "circularity": Sentence(
        "MCI of {count} products by mass, {mass} t in all: {observed}.",
        "MCI của {count} sản phẩm theo khối lượng, tổng {mass} t: {observed}.",
    ),
}  # fmt: skip
