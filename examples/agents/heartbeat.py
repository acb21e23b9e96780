"""Heartbeats to agent-spawner, for any agent in Python; standard library only.

    from heartbeat import Heartbeat

    beat = Heartbeat.from_environment()
    beat.start(endpoint="http://127.0.0.1:4101", health_url="http://127.0.0.1:4101/health")
    with beat.working("content.generate"):
        ...                       # busy; beat.progress() tells that it gets on
    beat.stop()

An agent-spawner that is away, slow or says no never ends or blocks the agent.
"""

import contextlib
import json
import os
import sys
import threading
import urllib.request


class Heartbeat:
    """Tells agent-spawner every few seconds that this agent lives, and where it listens. Thread safe."""

    TIMEOUT_SECONDS = 3
    FIRST_RETRY_SECONDS = 0.2

    def __init__(self, url, agent_id, token, interval_seconds=10.0):
        self._target = f"{url.rstrip('/')}/api/agents/{agent_id}/heartbeat" if url else None
        self._token = token
        self._interval = interval_seconds
        self._changed = threading.Condition()
        self._state = {"status": "ok", "busy": False}
        self._dirty = True
        self._stopped = False
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    @classmethod
    def from_environment(cls):
        """By what agent-spawner gives each agent; without it (run by hand) nothing is sent."""
        return cls(
            os.environ.get("AGENT_SPAWNER_URL"),
            os.environ.get("AGENT_ID", ""),
            os.environ.get("AGENT_TOKEN", ""),
            float(os.environ.get("HEARTBEAT_SECONDS", "10")),
        )

    def start(self, endpoint=None, health_url=None):
        """Begins to send; the two URLs tell where this process listens."""
        self._tell(endpoint=endpoint, healthUrl=health_url)
        if self._target:
            self._thread.start()

    def stop(self):
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def progress(self, value=None):
        """Tells that the work gets on: any change of the number is progress."""
        with self._changed:
            self._state["progress"] = self._state.get("progress", 0) + 1 if value is None else value

    @contextlib.contextmanager
    def working(self, task):
        """Busy with a task, from here to the end of the block."""
        self._tell(task=task, busy=True)
        try:
            yield
        finally:
            self._tell(busy=False)

    def _tell(self, **changes):
        with self._changed:
            self._state.update(changes)
            self._dirty = True
            self._changed.notify()

    def _run(self):
        retry = self.FIRST_RETRY_SECONDS
        while True:
            with self._changed:
                if self._stopped:
                    return
                body = dict(self._state)
                self._dirty = False
            ok = self._send(body)
            wait = self._interval if ok else min(self._interval, retry)
            retry = self.FIRST_RETRY_SECONDS if ok else retry * 2
            with self._changed:
                # News goes out at once, but not again and again into a wall.
                self._changed.wait_for(lambda: self._stopped or (ok and self._dirty), timeout=wait)

    def _send(self, body):
        request = urllib.request.Request(
            self._target,
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=self.TIMEOUT_SECONDS):
                pass
        except OSError as error:
            if not self._failing:
                print(f"heartbeat: not taken ({error}); trying on", file=sys.stderr, flush=True)
            self._failing = True
            return False
        if self._failing:
            print("heartbeat: taken again", file=sys.stderr, flush=True)
        self._failing = False
        return True
