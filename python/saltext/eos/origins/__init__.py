"""Which pillar file, and which line of it, or which ext_pillar a value of the pillar came from."""
