"""Device profiles as data: one TOML table per model; the fields are in ``gateway/sources/modbus/profile.py``."""
