"""Composes the programs as child processes on one machine: this is what ``ecopark demo`` and ``replay --local`` run."""
