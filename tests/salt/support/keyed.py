"""Sends commands to the master with a key, as any program of the user of this key can.

The arguments: the master's configuration, the file with the key, and the commands as JSON. Prints a line of JSON for
each command: the return of its job, or null if the master refuses it.
"""

import json
import sys
from pathlib import Path

import salt.channel.client
import salt.config
import salt.utils.event


def main(configuration, key, commands):
    opts = salt.config.client_config(configuration)
    secret = Path(key).read_text()
    with salt.utils.event.get_master_event(opts, opts["sock_dir"], listen=True) as events:
        for command in json.loads(commands):
            with salt.channel.client.ReqChannel.factory(opts, crypt="clear") as channel:
                answer = channel.send({**command, "key": secret})
            print(json.dumps(returned(events, answer), default=str), flush=True)


def returned(events, answer):
    job = answer.get("tag") or "salt/job/{}".format(answer.get("load", {}).get("jid"))
    if "error" in answer:
        return None
    # A run fires events below the same tag.
    event = events.get_event(wait=60, tag=f"{job}/ret", full=True)
    return event["data"]["return"]


if __name__ == "__main__":
    main(*sys.argv[1:])
