"""The service's HTTP interface: health, metrics, status, ledger; a refill is the one thing that can be asked for."""
