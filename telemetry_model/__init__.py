"""The vocabulary every Ecopark program shares: what a reading is, where it belongs and how it travels.

A *point* is one quantity at one place (``em-017.active_power``). A *reading* is one value of one point at one
instant. A *batch* is what a gateway sends in one message; ``(gateway, run, seq)`` names it for ever::

    point   em-017.active_power
    time    00:00      00:01      00:02      00:03
    value    41.2       41.7       none       42.0
    status  measuring  measuring  fault      measuring
    reason                        device_timeout

"No value" is said, never guessed: a reading without a value carries the reason instead.
Nothing here reads a file, a clock or the network.
"""
