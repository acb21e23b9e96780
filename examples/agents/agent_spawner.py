"""Connects a Python agent to agent-spawner: health, heartbeats, progress, tokens. Copy this file; it needs no package.

    agent = Agent()                             # reads the environment; in a manual run it sends nothing
    agent.start()                               # or start(endpoint="http://127.0.0.1:4101"), where it accepts tasks
    with agent.task("crawl shop"):              # busy until the end of the block
        agent.action("search", {"q": "shoes"})  # progress only if this action is new, so that a loop is detected
        agent.tokens(1200)                      # tokens used since the last call"""
import atexit, contextlib, hashlib, http.client, http.server, json, os, pprint, sys, threading, time
def plain(text): return "".join(each if each.isprintable() else " " for each in str(text)[:1000])  # others are refused

class Agent:
    """Reports from its own thread: it never blocks the agent, and it retries a failed heartbeat instead of raising."""
    def __init__(self, env=os.environ):
        self.restart_count, self.restart_reason = int(env.get("AGENT_RESTART_COUNT", 0)), env.get("AGENT_RESTART_REASON", "")
        self.last_task, self._env, self._tasks, self._actions = env.get("AGENT_LAST_TASK", ""), env, [], []
        self._state = {"status": "ok", "message": "", "task": None, "busy": False, "progress": 0, "tokensUsed": 0}
        self._lock, self._news, self._is_ending = threading.Lock(), threading.Event(), False

    def start(self, endpoint=None, health_url=None):
        """Starts the heartbeats. Serves a health check on a free port, unless the agent already has one."""
        if self._env.get("AGENT_SPAWNER_URL"):
            own = None if health_url or self._env.get("AGENT_HEALTH_URL") else self._serve_health()
            self._change(endpoint=endpoint, healthUrl=health_url or own)
            thread = threading.Thread(target=self._send_heartbeats, daemon=True)
            thread.start()
            atexit.register(lambda: (setattr(self, "_is_ending", True), self._news.set(), thread.join(1)))

    @contextlib.contextmanager
    def task(self, name):  # if tasks overlap, the heartbeat names the latest one
        self._change(self._tasks.append(plain(name)))
        try:
            yield
        finally:
            self._change(self._tasks.remove(plain(name)))

    def action(self, tool, arguments=None):
        """Counts as progress unless it is among the last 256 different actions. Returns True if it counts."""
        key = hashlib.sha256(pprint.saferepr([tool, arguments]).encode("utf-8", "replace")).digest()
        with self._lock:
            is_new = key not in self._actions
            self._actions = [each for each in self._actions if each != key][-255:] + [key]
        self._change(progress=int(is_new))
        return is_new
    def progress(self, steps=1): self._change(progress=steps)
    def tokens(self, count): self._change(tokens=int(count or 0))
    def status(self, status, message=""): self._change(status=status, message=plain(message))  # ok, degraded or failing
    def health(self): return {**self._state}
    def _change(self, _=None, progress=0, tokens=0, **changes):
        with self._lock:
            counts = {"progress": self._state["progress"] + progress, "tokensUsed": self._state["tokensUsed"] + tokens}
            self._state.update(changes, busy=bool(self._tasks), task=(self._tasks or [None])[-1], **counts)
        self._news.set()
    def _send_heartbeats(self):
        host, path = self._env["AGENT_SPAWNER_URL"].removeprefix("http://"), f"/api/agents/{self._env['AGENT_ID']}/heartbeat"
        headers = {"Authorization": f"Bearer {self._env['AGENT_TOKEN']}", "Content-Type": "application/json"}
        fault, retry, interval = "", 0.1, float(self._env.get("HEARTBEAT_SECONDS", 10))
        while not self._is_ending or (self._news.is_set() and not fault):
            self._news.clear()
            try:
                with contextlib.closing(http.client.HTTPConnection(host, timeout=3)) as server:  # no proxy sees the token
                    server.request("POST", path, json.dumps(self._state), headers)
                    answer = server.getresponse()
                    before, fault = fault, "" if answer.status == 204 else f"HTTP {answer.status} {answer.read(500)}"
            except Exception as error:  # without this thread, a healthy agent would look dead
                before, fault = fault, repr(error)
            if bool(fault) != bool(before):
                print(f"heartbeat failed, retrying: {fault}" if fault else "heartbeats work again", file=sys.stderr, flush=True)
            retry = min(retry * 2, interval) if fault else 0.1
            time.sleep(retry)  # changes in the meantime share the next heartbeat
            fault or self._is_ending or self._news.wait(interval)
    def _serve_health(agent):
        class Health(http.server.BaseHTTPRequestHandler):
            log_message = lambda *_: None
            def do_GET(self):
                self.send_response(503 if agent._state["status"] == "failing" else 200)
                self.end_headers()
                self.wfile.write(json.dumps({**agent.health(), "agentId": agent._env["AGENT_ID"]}).encode())
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/health"
