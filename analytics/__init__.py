"""Judges what was measured: rules as data, closed windows, findings with evidence, alerts to tenants."""
