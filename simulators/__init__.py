"""A whole simulated park: plant models, scenarios that say what must be found, and devices that speak Modbus TCP."""
