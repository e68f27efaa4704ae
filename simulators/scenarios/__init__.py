"""The scenarios that come with Ecopark, one TOML file each."""
