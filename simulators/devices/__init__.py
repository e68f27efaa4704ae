"""Simulated devices: each maker's register layout, and Modbus TCP servers that answer like the real thing."""
