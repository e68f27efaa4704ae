"""The service's HTTP interface: health, metrics, status. It reads; nothing here decides or changes anything."""
