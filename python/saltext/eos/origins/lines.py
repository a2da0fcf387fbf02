"""The line of a value in a YAML file, from the marks of Salt's own YAML loader."""

from collections import OrderedDict

import salt.utils.yamlloader
import salt.utils.yamlloader_old
import yaml

# YAML counts a line after each of these, and an editor does not.
_OTHER_LINE_ENDS = ("\r", "\x85", "\u2028", "\u2029")


def line(text, path, value, *, old_loader=False):
    """The line of the key, and the line of the anchor if the value is an alias. Both are None if that is not certain.

    ``value``: what the text has at this path, so that a wrong line is noticed.
    """
    if not path or any(end in text.replace("\r\n", "\n") for end in _OTHER_LINE_ENDS):
        return None, None
    module = salt.utils.yamlloader_old if old_loader else salt.utils.yamlloader
    loader = module.SaltYamlSafeLoader(text, dictclass=OrderedDict)
    try:
        key, node = _found(loader, loader.get_single_node(), path)
        if node is None or loader.construct_object(node, deep=True) != value:
            return None, None
    except (yaml.YAMLError, LookupError, TypeError):
        return None, None
    finally:
        loader.dispose()
    if key is None:
        return node.start_mark.line + 1, None
    # An alias has the node of its anchor, which is further up.
    is_alias = node.start_mark.index < key.start_mark.index
    return key.start_mark.line + 1, node.start_mark.line + 1 if is_alias else None


def _found(loader, node, path):
    """The nodes of the key and of the value. A key of ``<<`` is found where the merged mapping is written."""
    key = None
    for part in path:
        if isinstance(node, yaml.MappingNode):
            loader.flatten_mapping(node)
            entries = [
                entry
                for entry in node.value
                if loader.construct_object(entry[0], deep=True) == part
            ]
            if len(entries) != 1:
                return None, None
            key, node = entries[0]
        elif isinstance(node, yaml.SequenceNode):
            key, node = None, node.value[part]
        else:
            return None, None
    return key, node
