"""Indicators as pure, cited functions: energy, water, wastewater, emissions, greenhouse gas, circular economy."""
