"""Sends heartbeats to agent-spawner from any agent in Python. Uses only the standard library.

    from heartbeat import Heartbeat

    beat = Heartbeat.from_environment()
    beat.start(endpoint="http://127.0.0.1:4101", health_url="http://127.0.0.1:4101/health")
    with beat.working("content.generate"):
        ...                       # busy; beat.progress() reports progress
    beat.stop()

If agent-spawner is down, slow or rejects a heartbeat, the agent keeps running and is not blocked.
"""

import contextlib
import json
import os
import sys
import threading
import urllib.request


class Heartbeat:
    """Reports every few seconds that this agent is alive and where it listens. Thread safe."""

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
        """Reads the variables that agent-spawner sets. Without them (manual start) nothing is sent."""
        return cls(
            os.environ.get("AGENT_SPAWNER_URL"),
            os.environ.get("AGENT_ID", ""),
            os.environ.get("AGENT_TOKEN", ""),
            float(os.environ.get("HEARTBEAT_SECONDS", "10")),
        )

    def start(self, endpoint=None, health_url=None):
        """Starts sending. The two URLs announce where this process listens."""
        self._update(endpoint=endpoint, healthUrl=health_url)
        if self._target:
            self._thread.start()

    def stop(self):
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def progress(self, value=None):
        """Reports progress. Any change of the number counts."""
        with self._changed:
            self._state["progress"] = self._state.get("progress", 0) + 1 if value is None else value

    @contextlib.contextmanager
    def working(self, task):
        """Reports the agent as busy with a task until the end of the block."""
        self._update(task=task, busy=True)
        try:
            yield
        finally:
            self._update(busy=False)

    def _update(self, **changes):
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
                # Send a change at once, but do not retry at once while sends fail.
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
                print(f"heartbeat failed, will retry: {error}", file=sys.stderr, flush=True)
            self._failing = True
            return False
        if self._failing:
            print("heartbeat recovered", file=sys.stderr, flush=True)
        self._failing = False
        return True
