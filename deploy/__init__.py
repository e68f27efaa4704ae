"""Ways to run Ecopark: on one machine (``local``), in containers, on a gateway."""
