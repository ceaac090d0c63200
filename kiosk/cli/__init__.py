"""The commands about a station. pyproject.toml names each of them."""
