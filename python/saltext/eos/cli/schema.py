"""The JSON schema of the pillar, for editors."""

from importlib import resources


def show():
    """Print the schema."""
    print(resources.files("saltext.eos").joinpath("pillar.schema.json").read_text(), end="")
    return 0
