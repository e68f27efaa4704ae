"""What ingest must never forget: how far each run is stored, what was counted, the ledger and the quarantine.

A SQLite file of one ingest, or a PostgreSQL database that replicas share. One thread and one transaction per round:
cursors, counts, ledger and quarantine agree always.
"""
