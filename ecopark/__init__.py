"""The front door: the ``ecopark`` command and nothing else."""
