"""Values at paths, where the parts of a path are texts as Eos reads them."""

from collections.abc import Mapping

# What a path leads to if there is nothing.
MISSING = object()


def at(data, path):
    """The value at a path, and the keys and indices that lead to it."""
    real = []
    for part in path:
        key = _key(data, part)
        if key is MISSING:
            return MISSING, ()
        real.append(key)
        data = data[key]
    return data, tuple(real)


def leaves(value, path=()):
    """Each leaf below a value, with its path. An empty mapping or list is a leaf."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def text(key):
    """A key as Eos reads it. YAML's tagged texts write themselves with quotes."""
    return str.__str__(key) if isinstance(key, str) else str(key)


def _key(data, part):
    if isinstance(data, Mapping):
        if part in data:
            return part
        # Eos reads a whole number as a text.
        same = (key for key in data if type(key) is int and str(key) == part)
        return next(same, MISSING)
    if isinstance(data, list) and part.isdecimal() and int(part) < len(data):
        return int(part)
    return MISSING
