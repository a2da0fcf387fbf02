"""Values that remember where they were written.

A marked value equals the original and has a type that Salt treats in the same way, so Salt merges both alike. What
comes out of the merge then says where it came from.
"""

import copy
from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple


class Origin(NamedTuple):
    """``source``: the number of the source. ``path``: the keys and indices inside it."""

    source: int
    path: tuple


class _Leaf:
    """A leaf is never changed, so a copy of it is the same object."""

    def __deepcopy__(self, memo):
        return self


class _Text(_Leaf, str):
    pass


class _Integer(_Leaf, int):
    pass


class _Float(_Leaf, float):
    pass


class _Other(_Leaf):
    """A value of a type that has no subclasses, such as None, True and False."""

    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return self.value == plain_leaf(other)

    def __hash__(self):
        return hash(self.value)

    def __bool__(self):
        return bool(self.value)


class _Container:
    """Salt copies a whole pillar for each file that it merges, and Python copies most subclasses slowly."""

    def __deepcopy__(self, memo):
        copied = memo[id(self)] = type(self)()
        copied.eos_origin = self.eos_origin
        if isinstance(self, list):
            copied.extend(_copied(item, memo) for item in self)
        else:
            copied.update((key, _copied(item, memo)) for key, item in self.items())
        return copied


class _Map(_Container, dict):
    pass


class _OrderedMap(_Container, OrderedDict):
    pass


class _List(_Container, list):
    pass


_LEAVES = {str: _Text, int: _Integer, float: _Float}
_CONTAINERS = {dict: _Map, OrderedDict: _OrderedMap, list: _List}
_PLAIN = {marked_kind: kind for kind, marked_kind in _CONTAINERS.items()}


def _copied(item, memo):
    return item if isinstance(item, _Leaf) else copy.deepcopy(item, memo)


def origin(value):
    """Where a value was written. None if that is not known."""
    return getattr(value, "eos_origin", None)


def marked(value, source, path=(), seen=None):
    """A marked copy. A part that is marked already keeps its mark. What YAML shares by an alias stays shared."""
    seen = {} if seen is None else seen
    if id(value) in seen:
        return seen[id(value)]
    if not isinstance(value, (Mapping, list)):
        return _leaf(value, source, path)
    # Salt merges every other type as its own, so a copy has the same type.
    kind = type(value)
    container = seen[id(value)] = _CONTAINERS.get(kind, kind)()
    container.eos_origin = origin(value) or Origin(source, path)
    if isinstance(value, Mapping):
        for key, item in value.items():
            # Salt itself reads this key, and removes it.
            is_include = not path and key == "include"
            container[key] = item if is_include else marked(item, source, (*path, key), seen)
    else:
        container.extend(
            marked(item, source, (*path, index), seen) for index, item in enumerate(value)
        )
    return container


def unmarked(value, seen=None):
    """The original again."""
    seen = {} if seen is None else seen
    if id(value) in seen:
        return seen[id(value)]
    if isinstance(value, Mapping):
        plain = seen[id(value)] = _PLAIN.get(type(value), type(value))()
        plain.update((key, unmarked(item, seen)) for key, item in value.items())
        return plain
    if isinstance(value, list):
        plain = seen[id(value)] = _PLAIN.get(type(value), type(value))()
        plain.extend(unmarked(item, seen) for item in value)
        return plain
    return plain_leaf(value)


def plain_leaf(value):
    """The original of a value that is neither a mapping nor a list."""
    if isinstance(value, _Other):
        return value.value
    for kind, marked_kind in _LEAVES.items():
        if isinstance(value, marked_kind):
            return kind(value)
    return value


def _leaf(value, source, path):
    if origin(value):
        return value
    leaf = _LEAVES.get(type(value), _Other)(value)
    leaf.eos_origin = Origin(source, path)
    return leaf
