"""Agent with a plain loop: copies the files of INBOX to OUTBOX in capitals, one after the other, for ever."""

import os
import pathlib
import signal
import threading

from agent_spawner import Agent

inbox, outbox = pathlib.Path(os.environ["INBOX"]), pathlib.Path(os.environ["OUTBOX"])
agent = Agent()
is_stopping = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: is_stopping.set())  # finishes the file that it has begun

agent.start()
if agent.restart_count:
    print(f"restarted: {agent.restart_reason}; the last task was {agent.last_task}", flush=True)

while not is_stopping.is_set():
    for file in sorted(inbox.glob("*.txt")):
        if is_stopping.is_set():
            break
        with agent.task(file.name):
            lines = []
            for line in file.read_text().splitlines():
                lines.append(line.upper())
                agent.progress()
            # A file appears in OUTBOX whole or not at all, so that a run that dies in between can be repeated.
            draft = outbox / f".{file.name}"
            draft.write_text("\n".join(lines) + "\n")
            draft.rename(outbox / file.name)
            file.unlink()
    is_stopping.wait(0.2)  # not busy: this wait is never stuck, however long
