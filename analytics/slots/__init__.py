"""Readings of the store cut into slots of a point's interval: the arrays everything else is reckoned on."""
