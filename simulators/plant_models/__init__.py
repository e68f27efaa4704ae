"""What a park would show if it existed: every value is a function of (seed, scenario, time), minute by minute.

Weather drives the PV plants, shifts drive the firms, the firms' water ends in the central treatment plant, and the
sum of all loads decides what the CHP and the grid deliver. Counters are the integral of the very rates shown::

    weather ──> PV ───────────────┐
    shifts ──> loads ──> demand ──┴─> CHP ──> stack gas, grid feeders
         └───> water ──> effluents ──> central plant ──> discharged + reused
"""
