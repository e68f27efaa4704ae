"""Modbus TCP devices, each described by a profile table."""
