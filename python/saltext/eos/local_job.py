"""One job on this host's own minion, in a process of its own: told on stdin, answered on stdout, both JSON."""

import json
import os
import sys


def main():
    """What functions print goes to stderr: stdout is for the answer alone."""
    told = json.load(sys.stdin)
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    json.dump(_answer(told), answer, default=str)
    answer.close()


def _answer(told):
    # Not before stdin is read: whoever started this waits for that, and Salt takes a second.
    import salt.config
    import salt.minion

    job = told["job"]
    opts = salt.config.minion_config(told["conf_file"], minion_id=told["id"])
    minion = salt.minion.SMinion({**opts, **told["over"]})
    functions = minion.functions
    if not functions[f"match.{job['target_type']}"](job["target"]):
        who = f"this host's minion, {told['id']}"
        return {"refused": f"{job['target']} does not match {who}, and no master runs here to ask"}
    keywords = dict(job["keywords"])
    if told["nested"] and job["function"].startswith("state."):
        # The state that waits for this one is under way, and would be taken for another's.
        keywords["concurrent"] = True
    context = functions.pack["__context__"]
    context["retcode"] = 0
    value = functions[job["function"]](*job["arguments"], **keywords)
    return {"value": value, "retcode": int(context.get("retcode") or 0)}


if __name__ == "__main__":
    main()
