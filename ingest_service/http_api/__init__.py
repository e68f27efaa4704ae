"""The service's HTTP interface: health, metrics, status, ledger; readings come in here, and a refill is asked for."""
