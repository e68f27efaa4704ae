"""The service's HTTP interface: health, metrics, status, readings. Only ``readings`` takes something in."""
