"""Runs an HTTP server on a free port with GET /health and POST /tasks. The sample agents share it."""

import contextvars
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from agent_spawner import Agent

MAX_BODY = 1_000_000

#: Reports to agent-spawner. Handlers may call its methods, such as agent.progress() and agent.tokens(n).
agent = Agent()

#: Header traceparent of the task that the present thread works on (W3C Trace Context); None without one.
traceparent = contextvars.ContextVar("traceparent", default=None)


class InputError(Exception):
    """Reports an invalid input of a task. The message names the member and what it must be."""


def text(data, name, default=None):
    """Returns a text member of the input. It is required if there is no default."""
    value = data.get(name, default)
    if value is None:
        raise InputError(f"input.{name} is missing")
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"input.{name} must be a text")
    return value.strip()


def texts(data, name):
    """Returns a member of the input that is a list of texts. A missing one is empty."""
    value = data.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InputError(f"input.{name} must be a list of texts")
    return value


def serve(tasks):
    """Runs the agent until SIGTERM or SIGINT.

    tasks: by task type, a function that takes the input (a dict) and returns the result.
    """
    began = time.monotonic()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if self.path.split("?")[0] != "/health":
                return self._answer(404, {"error": "GET /health or POST /tasks"})
            state = agent.health()
            self._answer(
                503 if state["status"] == "failing" else 200,
                {
                    **state,
                    "agentId": os.environ.get("AGENT_ID"),
                    "runId": os.environ.get("AGENT_RUN_ID"),
                    "uptimeSeconds": round(time.monotonic() - began, 3),
                    "tasks": sorted(tasks),
                },
            )

        def do_POST(self):
            if self.path.split("?")[0] != "/tasks":
                return self._answer(404, {"error": "GET /health or POST /tasks"})
            if self.headers.get("Origin"):
                # Browsers add it. A page that the operator visits must not be able to give this agent tasks.
                self.close_connection = True
                return self._answer(403, {"error": "requests of web pages are refused"})
            length = self.headers.get("Content-Length", "0")
            if not length.isdigit() or int(length) > MAX_BODY:
                self.close_connection = True
                return self._answer(413, {"error": f"the body may have up to {MAX_BODY} bytes"})
            try:
                body = json.loads(self.rfile.read(int(length)))
            except ValueError:
                return self._answer(400, {"error": "the body is not JSON"})
            traceparent.set(self.headers.get("traceparent"))
            self._answer(*run_task(body))

        def _answer(self, status, body):
            content = json.dumps(body, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass  # one line per request would hide the important lines

    def run_task(body):
        if not isinstance(body, dict) or not isinstance(body.get("input", {}), dict):
            return 422, {"error": 'the body must look like {"taskType": "...", "input": {...}}'}
        task_type = body.get("taskType")
        if task_type not in tasks:
            return 422, {"error": f"taskType must be one of {', '.join(sorted(tasks))}"}
        try:
            with agent.task(task_type):
                return 200, {"taskType": task_type, "result": tasks[task_type](body.get("input", {}))}
        except InputError as error:
            return 422, {"error": str(error)}

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}"

    def end(*_):
        # shutdown() waits for the loop that runs in this thread, so another thread must call it.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    print(f"{os.environ.get('AGENT_ID', sys.argv[0])} listens on {url}", flush=True)
    agent.start(endpoint=url, health_url=f"{url}/health")
    server.serve_forever(poll_interval=0.1)
    server.server_close()
