"""The command ``eos``: the functions of the runner ``infrastructure`` as verbs."""
