"""Circular economy: material flows by code, symbiosis balances, circularity of products and of the park."""
