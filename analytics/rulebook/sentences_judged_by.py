"""Sentences about what a period is judged by: limits, licences, records, and the day whose law holds."""

from analytics.rulebook.sentence import Sentence

JUDGED_BY: dict[str, Sentence] = {
    "capture_low": Sentence(
        "Data capture {capture} % is below the required {minimum} %, so no verdict is given.",
        "Tỷ lệ dữ liệu {capture} % thấp hơn mức yêu cầu {minimum} %, nên không kết luận.",
    ),
    "limit_fixed": Sentence("Limit {limit} {unit}: {citation}.", "Giới hạn {limit} {unit}: {citation}."),
    "limit_setting": Sentence(
        "Limit {limit} {unit} is a setting to be confirmed, not shown as law: {citation}.",
        "Giới hạn {limit} {unit} là thiết lập cần xác nhận, không trình bày như luật: {citation}.",
    ),
    "limit_between": Sentence(
        "Limits {low} to {high} {unit}: {citation}.", "Giới hạn từ {low} đến {high} {unit}: {citation}."
    ),
    "limit_permit": Sentence(
        "Limit {limit} {unit} comes from '{attribute}' in the park register.",
        "Giới hạn {limit} {unit} lấy từ '{attribute}' trong sổ đăng ký khu.",
    ),
    "limit_formula": Sentence(
        "Limit Cmax = C x {first} x {second} = {base} x {k1} x {k2} = {limit} {unit}; C: {citation}; "
        "{first} and {second}: the licence.",
        "Giới hạn Cmax = C x {first} x {second} = {base} x {k1} x {k2} = {limit} {unit}; C: {citation}; "
        "{first} và {second}: giấy phép.",
    ),
    "limit_formula_setting": Sentence(
        "Limit Cmax = C x {first} x {second} = {base} x {k1} x {k2} = {limit} {unit}; C is a setting to be confirmed, "
        "not shown as law: {citation}; {first} and {second}: the licence.",
        "Giới hạn Cmax = C x {first} x {second} = {base} x {k1} x {k2} = {limit} {unit}; C là thiết lập cần xác nhận, "
        "không trình bày như luật: {citation}; {first} và {second}: giấy phép.",
    ),
    "limit_between_setting": Sentence(
        "Limits {low} to {high} {unit} are a setting to be confirmed, not shown as law: {citation}.",
        "Giới hạn từ {low} đến {high} {unit} là thiết lập cần xác nhận, không trình bày như luật: {citation}.",
    ),
    "limit_permit_between": Sentence(
        "Limits {low} to {high} {unit} come from '{attribute}_low' and '{attribute}_high' in the park register.",
        "Giới hạn từ {low} đến {high} {unit} lấy từ '{attribute}_low' và '{attribute}_high' trong sổ đăng ký khu.",
    ),
    "register_since": Sentence(
        "'{attribute}' = {value} has been in force since {since}; the register names no document.",
        "'{attribute}' = {value} có hiệu lực từ ngày {since}; sổ đăng ký không ghi văn bản.",
    ),
    "register_since_document": Sentence(
        "'{attribute}' = {value} has been in force since {since}, document: {document}.",
        "'{attribute}' = {value} có hiệu lực từ ngày {since}, văn bản: {document}.",
    ),
    "register_ended": Sentence(
        "'{attribute}' has not been in force since {since}; the register names no document.",
        "'{attribute}' hết hiệu lực từ ngày {since}; sổ đăng ký không ghi văn bản.",
    ),
    "register_ended_document": Sentence(
        "'{attribute}' has not been in force since {since}, document: {document}.",
        "'{attribute}' hết hiệu lực từ ngày {since}, văn bản: {document}.",
    ),
    "register_changes": Sentence(
        "'{attribute}' changes on {since}, within this period; the whole period is judged by what held on {day}.",
        "'{attribute}' thay đổi từ ngày {since}, trong kỳ này; cả kỳ được đánh giá theo giá trị hiệu lực ngày {day}.",
    ),
    "limit_table_missing": Sentence(
        "{citation}: limit table not loaded; load it from the official annex, or give the licence's own limit as "
        "'{attribute}' in the register. Until then there is no verdict.",
        "{citation}: chưa nạp bảng giới hạn; hãy nạp từ phụ lục chính thức, hoặc ghi giới hạn của giấy phép vào "
        "'{attribute}' trong sổ đăng ký. Cho đến khi đó không kết luận.",
    ),
    "report_only": Sentence(
        "The value is reported; no limit is set for it.", "Giá trị chỉ để báo cáo; không có giới hạn."
    ),
    "limit_not_valid": Sentence(
        "Rule {rule}, version {version}, does not hold on {day}.",
        "Quy tắc {rule}, phiên bản {version}, không có hiệu lực ngày {day}.",
    ),
    "limit_no_permit": Sentence(
        "No published limit was found, and the register gives no '{attribute}': no verdict.",
        "Không tìm thấy giới hạn công bố và sổ đăng ký không có '{attribute}': không kết luận.",
    ),
    "limit_no_column": Sentence(
        "The register gives '{attribute}' = {found}, but the table has columns {columns}: no verdict.",
        "Sổ đăng ký ghi '{attribute}' = {found}, nhưng bảng có các cột {columns}: không kết luận.",
    ),
    "limit_no_attribute": Sentence(
        "The limit of {rule} needs a positive number '{attribute}' in the register: no verdict.",
        "Giới hạn của {rule} cần số dương '{attribute}' trong sổ đăng ký: không kết luận.",
    ),
    "law_of": Sentence(
        "Judged under the law of {law_day}, although the data are of {data_day}.",
        "Đánh giá theo luật ngày {law_day}, dù dữ liệu thuộc ngày {data_day}.",
    ),
    "handed_over": Sentence(
        "By the park register {tenant} answers for this period now: see the finding there.",
        "Theo sổ đăng ký của khu, nay {tenant} chịu trách nhiệm về kỳ này: xem kết quả ở đó.",
    ),
    "to_date": Sentence("The period is not closed: judged to {until}.", "Kỳ chưa kết thúc: đánh giá đến {until}."),
    "since": Sentence(
        "Judged from {since}, when monitoring began.", "Đánh giá từ {since}, khi bắt đầu quan trắc."
    ),
    "role_absent": Sentence(
        "No point has the role '{role}': counted as zero.", "Không có điểm nào có vai trò '{role}': tính bằng không."
    ),
    "licensed_amount": Sentence(
        "{amount} m3 of {licensed} m3 licensed for this period = {observed} %.",
        "{amount} m3 trên {licensed} m3 được cấp phép cho kỳ này = {observed} %.",
    ),
    "register_missing": Sentence(
        "The register gives no number '{attribute}': no verdict.",
        "Sổ đăng ký không có số '{attribute}': không kết luận.",
    ),
    "register_sum": Sentence(
        "From the register: {numerator} / {denominator} = {observed} %.",
        "Theo sổ đăng ký: {numerator} / {denominator} = {observed} %.",
    ),
    "register_value": Sentence(
        "The register gives '{attribute}' = {observed}.", "Sổ đăng ký ghi '{attribute}' = {observed}."
    ),
    "links": Sentence(
        "{signed} of {links} registered symbiosis links have an agreement: {names}.",
        "{signed} trên {links} liên kết cộng sinh trong sổ đăng ký có thỏa thuận: {names}.",
    ),
    "automatic_points": Sentence(
        "{count} quantities of {device} are measured automatically.",
        "{count} thông số của {device} được quan trắc tự động.",
    ),
    "range_of": Sentence(
        "{quantity}: upper range {high} over limit {limit} (rule {rule}) = {observed}.",
        "{quantity}: giới hạn đo trên {high} chia giới hạn {limit} (quy tắc {rule}) = {observed}.",
    ),
    "range_unknown": Sentence(
        "{quantity}: the register gives no analyser range '{attribute}'.",
        "{quantity}: sổ đăng ký không có dải đo '{attribute}'.",
    ),
    "range_no_limit": Sentence(
        "No limit with a number applies to this installation: nothing to compare the analyser's range with.",
        "Không có giới hạn bằng số áp dụng cho nguồn này: không có gì để so sánh dải đo.",
    ),
    "evidence_none": Sentence(
        "No evidence record '{indicator}' for {subject} in evidence.csv: no verdict.",
        "Không có hồ sơ minh chứng '{indicator}' cho {subject} trong evidence.csv: không kết luận.",
    ),
    "evidence_not_this_period": Sentence(
        "The newest evidence record '{indicator}' for {subject} is of {day}, before this period: no verdict.",
        "Hồ sơ minh chứng '{indicator}' mới nhất cho {subject} là ngày {day}, trước kỳ này: không kết luận.",
    ),
    "evidence_denied": Sentence(
        "The record says no: what the rule asks for is not there.",
        "Hồ sơ ghi là không: điều mà quy định yêu cầu chưa có.",
    ),
    "evidence_impossible": Sentence(
        "A record cannot say {value} {unit}: no verdict.",
        "Hồ sơ không thể ghi {value} {unit}: không kết luận.",
    ),
    "evidence_record": Sentence(
        "Evidence record of {day}: {value}; document: {document}; responsible: {responsible}.",
        "Hồ sơ minh chứng ngày {day}: {value}; tài liệu: {document}; người chịu trách nhiệm: {responsible}.",
    ),
    "evidence_age": Sentence(
        "The record is {observed} {unit} old on {day}.", "Hồ sơ đã có {observed} {unit} tính đến {day}."
    ),
    "evidence_late": Sentence(
        "Due on {due}: {observed} days after that date (negative: before it).",
        "Hạn {due}: sau hạn {observed} ngày (âm: trước hạn).",
    ),
    "firm_share": Sentence(
        "{yes} of {firms} firms have it on record, {missing} have no record: {observed} %.",
        "{yes} trên {firms} doanh nghiệp có hồ sơ đạt, {missing} chưa có hồ sơ: {observed} %.",
    ),
    "firm_missing": Sentence("No record of: {names}.", "Chưa có hồ sơ của: {names}."),
    "firm_none": Sentence(
        "The register has no firm with more than {workers} workers.",
        "Sổ đăng ký không có doanh nghiệp nào trên {workers} lao động.",
    ),
}  # fmt: skip
