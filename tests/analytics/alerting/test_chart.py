"""An alert's picture is read whole: no title or legend leaves it, and none takes the plot's room."""

from zoneinfo import ZoneInfo

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.transforms import BboxBase

from analytics.alerting.chart import ChartTexts, chart_figure
from analytics.alerting.chart_data import ChartSeries

from .conftest import COD, DAY_ONE_MS

SERIES = ChartSeries(tuple(DAY_ONE_MS + n * 600_000 for n in range(144)), tuple(60.0 + n / 10 for n in range(144)), 600)
LONG = ChartTexts(
    language="vi",
    title="Giá trị đo bị đứng (không đổi) trong khí thải – Ống khói tua-bin khí đồng phát nhiệt điện số 2 phía đông",
    unit="mg/Nm³",
    measured="Giá trị đo (chưa quy đổi O2)",
    observed="Kết quả đánh giá: 131,4 mg/Nm³",
    limit="Giới hạn (thiết lập cần xác nhận): 120 mg/Nm³",
    time_axis="Giờ địa phương (UTC+7)",
)
SHORT = ChartTexts("en", "COD – Outlet", "mg/l", "Measured", "Assessed: 84.2 mg/l", "Limit: 67.5 mg/l", "Local time")


@pytest.mark.parametrize("series", [SERIES, None], ids=["series", "bar"])
@pytest.mark.parametrize("texts", [LONG, SHORT], ids=["long", "short"])
def test_every_word_is_in_the_picture_and_the_plot_has_its_width(texts: ChartTexts, series: ChartSeries | None) -> None:
    figure = chart_figure(COD, series, texts, ZoneInfo("Asia/Ho_Chi_Minh"))
    figure.draw_without_rendering()
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    renderer, (legend,), title = canvas.get_renderer(), figure.legends, figure.texts[0]
    plot = figure.axes[0].get_position()
    assert plot.width > 0.85
    assert plot.height > 0.2
    for box in (legend.get_window_extent(renderer), title.get_window_extent(renderer)):
        assert is_inside(box, figure.bbox)
        assert not box.overlaps(figure.axes[0].get_window_extent(renderer))
    assert "".join(title.get_text().split()) == "".join(texts.title.split())


def is_inside(box: BboxBase, whole: BboxBase) -> bool:
    return whole.x0 <= box.x0 and box.x1 <= whole.x1 and whole.y0 <= box.y0 and box.y1 <= whole.y1
