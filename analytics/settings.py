"""Settings of ``ecopark analytics run``; every field can be set as ``ECOPARK_ANALYTICS_<FIELD>``."""

import msgspec

from analytics.rulebook.rule import DEFAULT_MINIMUM_DATA_CAPTURE


class AnalyticsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the analytics program needs: where the park, the store and the mail server are, and how often to judge."""

    park_folder: str
    store_url: str
    store_token: str = ""
    state_path: str
    smtp_host: str
    smtp_port: int = 587
    smtp_username: str = ""
    smtp_password: str = ""
    smtp_starttls: bool = True
    smtp_ca_file: str = ""
    """PEM file of the authority that vouches for the mail server; empty: those the system trusts."""
    mail_from: str
    evaluate_interval_seconds: float = 300.0
    lookback_days: int = 3
    """Windows that closed this long ago are judged again each time: late readings change exactly these."""
    late_data_days: int = 60
    """Once a local day, and at start, windows this old are judged again: a register or rule may have changed.
    Years are judged then, too. Late readings open the windows they touch by themselves, however old."""
    late_settle_seconds: float = 60.0
    """What late readings touched is judged anew this long after the last of them came, so that it is judged once."""
    late_alert_days: int = 92
    """An exceedance that comes to light later than this after its period is shown, but written to nobody."""
    settle_seconds: float = 30.0
    """A window is judged only this long after it closed, so that its last readings are in."""
    minimum_data_capture: float = DEFAULT_MINIMUM_DATA_CAPTURE
    evaluate_from: str = ""
    """ISO date or time (local to the park unless it says otherwise) before which nothing is expected."""
    console_url: str = ""

    def __post_init__(self) -> None:
        if self.evaluate_interval_seconds <= 0 or self.lookback_days < 1 or self.settle_seconds < 0:
            raise ValueError(
                "evaluate_interval_seconds and lookback_days must be positive, settle_seconds not negative"
            )
        if self.late_settle_seconds < 0 or self.late_alert_days < 0:
            raise ValueError("late_settle_seconds and late_alert_days must not be negative")
        if not 0 <= self.minimum_data_capture <= 1:
            raise ValueError("minimum_data_capture must lie between 0 and 1")
