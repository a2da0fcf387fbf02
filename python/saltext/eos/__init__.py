"""Eos for Salt: a runner, an execution module, states and an outputter around one native core."""
