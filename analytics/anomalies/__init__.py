"""Explained anomalies: what looks wrong in the measurements although no limit of the law is touched."""
