"""Where readings come from: one protocol, one explicit table of device sources, and recordings."""
