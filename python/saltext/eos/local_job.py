"""A process for one job on this host's own minion. The job comes on stdin and the answer goes to stdout, as JSON."""

import json
import os
import sys


def main():
    """Run the job. The output of its functions goes to stderr, because stdout is only for the answer."""
    asked = json.load(sys.stdin)
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    json.dump(_answer(asked), answer, default=str)
    answer.close()


def _answer(asked):
    # Imported after stdin is read, because the parent waits for the read, and the import of Salt takes a second.
    import salt.config
    import salt.minion

    job = asked["job"]
    opts = salt.config.minion_config(asked["conf_file"], minion_id=asked["id"])
    minion = salt.minion.SMinion({**opts, **asked["overrides"]})
    functions = minion.functions
    if not functions[f"match.{job['target_type']}"](job["target"]):
        who = f"this host's minion, {asked['id']}"
        return {"refused": f"{job['target']} does not match {who}, and no master runs here"}
    keywords = dict(job["keywords"])
    if asked["nested"] and job["function"].startswith("state."):
        # A state run of this minion waits for this job. Salt would refuse a second state run beside it.
        keywords["concurrent"] = True
    context = functions.pack["__context__"]
    context["retcode"] = 0
    value = functions[job["function"]](*job["arguments"], **keywords)
    return {"value": value, "retcode": int(context.get("retcode") or 0)}


if __name__ == "__main__":
    main()
