"""What ingest must never forget: how far each run is stored, what was counted, the ledger and the quarantine.

One SQLite file, one writer thread, one transaction per round: cursors, counts, ledger and quarantine agree always.
"""
