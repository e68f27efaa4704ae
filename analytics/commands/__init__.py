"""The commands under ``ecopark analytics`` that are not of one room alone."""
