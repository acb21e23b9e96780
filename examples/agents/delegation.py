"""Has other agents carry out tasks: routes each one through agent-spawner, sends it, and gathers the results.

A task starts when every task that it comes `after` is done. A task whose agent dies is routed again, so it may be
executed twice: agents that have side effects should recognize a repeated task.
"""

import http.client
import json
import os
import re
import secrets
import threading
import time
import urllib.error
import urllib.request

from agent_server import agent, traceparent

MAX_SENDS = 5
#: Routing attempts that find no available agent, each after up to WAIT_SECONDS in agent-spawner.
MAX_ROUTES = 3
#: Share of a routing attempt that counts if the agent was just started and has not announced its endpoint yet.
NO_ENDPOINT_COST, NO_ENDPOINT_PAUSE_SECONDS = 0.1, 0.5
WAIT_SECONDS = 20
MAX_PAUSE_SECONDS = 3

# An HTTP proxy in the environment must see neither the token nor the tasks: every request stays on this machine.
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Refused(Exception):
    """Reports why a task cannot be done. Repeating it would not help."""


class Unavailable(Exception):
    """Reports that no agent is available now, and after how many seconds to ask again."""

    def __init__(self, reason, retry_after, cost=1):
        super().__init__(reason)
        self.cost = cost
        self.retry_after = min(retry_after, MAX_PAUSE_SECONDS)


def carry_out(tasks, seconds):
    """Returns each task with its outcome (done, failed or skipped), at the latest after so many seconds.

    tasks: in an order in which each one comes after those that its `after` names.
    """
    deadline = time.monotonic() + seconds
    given = re.fullmatch(r"00-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}", traceparent.get() or "")
    trace_id = given[1] if given else secrets.token_hex(16)
    outcomes = {task["id"]: None for task in tasks}
    changed = threading.Condition()

    def run(task):
        with changed:
            changed.wait_for(lambda: all(outcomes[before] for before in task["after"]), remaining(deadline))
            before = [other for other in tasks if other["id"] in task["after"]]
            missing = [(other, outcomes[other["id"]]) for other in before if not is_done(outcomes[other["id"]])]
        if missing:
            other, outcome = missing[0]
            state = outcome["outcome"] if outcome else "not done in time"
            outcome = {"outcome": "skipped", "reason": f"task {other['id']} ({other['taskType']}) is {state}"}
        else:
            try:
                outcome = attempt(task, deadline, f"00-{trace_id}-{secrets.token_hex(8)}-01")
            except Exception as error:  # every task needs an outcome, or those that wait for it would never end
                outcome = {"outcome": "failed", "reason": f"{type(error).__name__}: {error}"}
        agent.progress()
        with changed:
            outcomes[task["id"]] = outcome
            changed.notify_all()

    for task in tasks:
        # Daemon threads, so that the agent can stop at any time.
        threading.Thread(target=run, args=(task,), daemon=True).start()
    late = {"outcome": "failed", "reason": f"not done within {seconds:g} s"}
    with changed:
        changed.wait_for(lambda: all(outcomes.values()), remaining(deadline) + 0.5)
        return [{**{k: task[k] for k in ("id", "taskType", "after")}, **(outcomes[task["id"]] or late)} for task in tasks]


def is_done(outcome):
    return outcome is not None and outcome["outcome"] == "done"


def remaining(deadline):
    return max(0.0, deadline - time.monotonic())


def attempt(task, deadline, trace):
    """Routes and sends a task until an agent has done it. Returns its outcome."""
    sends, routes, avoided, reason = 0, 0, [], "no time was left"
    while remaining(deadline) > 0:
        try:
            routed = route(task["taskType"], avoided, deadline, trace)
        except Refused as error:
            return {"outcome": "failed", "reason": str(error)}
        except Unavailable as error:
            reason = str(error)
            if avoided:
                avoided = []  # no other agent can do it, so wait for the one that failed
                continue
            routes += error.cost
            if routes >= MAX_ROUTES:
                return {"outcome": "failed", "reason": reason}
            time.sleep(min(error.retry_after, remaining(deadline)))
            continue
        except OSError as error:
            # agent-spawner is being restarted. It is back within seconds, so only the deadline ends this.
            reason = f"agent-spawner: {error}"
            time.sleep(min(0.5, remaining(deadline)))
            continue
        sends += 1
        chosen = routed["agentId"]
        try:
            result = send(routed, task, deadline, routed.get("traceparent") or trace)
            return {"outcome": "done", "agentId": chosen, "sends": sends, "result": result}
        except Refused as error:
            return {"outcome": "failed", "agentId": chosen, "sends": sends, "reason": str(error)}
        except OSError as error:
            reason = f"{chosen} did not answer: {error}"
            if sends == MAX_SENDS:
                return {"outcome": "failed", "agentId": chosen, "sends": sends, "reason": reason}
            avoided = [chosen]
            # agent-spawner may not know of the failure yet.
            time.sleep(min(0.5 * 2 ** (sends - 1), MAX_PAUSE_SECONDS, remaining(deadline)))
    return {"outcome": "failed", "reason": f"the deadline passed; last: {reason}", "sends": sends}


def route(task_type, avoided, deadline, trace):
    """Returns where to send a task. agent-spawner starts an agent for it if needed, and waits until it is usable."""
    wait = min(WAIT_SECONDS, remaining(deadline))
    body = {"taskType": task_type, "waitSeconds": int(wait), "exclude": avoided, "traceparent": trace}
    headers = {"Authorization": f"Bearer {os.environ.get('AGENT_TOKEN', '')}"}
    url = f"{os.environ.get('AGENT_SPAWNER_URL', 'http://127.0.0.1:3100')}/api/tasks/route"
    try:
        routed = post(url, body, headers, remaining(deadline))
    except urllib.error.HTTPError as error:
        problem = read_json(error)
        reason = problem.get("detail") or f"agent-spawner answered {error.code}"
        if error.code == 503 and problem.get("code") == "no-available-agent":
            raise Unavailable(reason, retry_after_of(error)) from error
        if error.code in (401, 429) or error.code >= 500:
            raise  # 401: agent-spawner was just restarted, and does not know this run yet
        raise Refused(reason) from error
    if routed.get("endpoint") is None:
        raise Unavailable(f"{routed['agentId']} names no endpoint", NO_ENDPOINT_PAUSE_SECONDS, NO_ENDPOINT_COST)
    return routed


def send(routed, task, deadline, trace):
    """Returns the result of a task. An OSError means that the agent may be dead."""
    url = routed["endpoint"].rstrip("/") + "/tasks"
    try:
        answer = post(url, {"taskType": task["taskType"], "input": task["input"]}, {"traceparent": trace}, remaining(deadline))
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            raise
        raise Refused(read_json(error).get("error") or f"{routed['agentId']} answered {error.code}") from error
    return answer.get("result")


def post(url, body, headers, timeout):
    request = urllib.request.Request(url, json.dumps(body).encode(), {**headers, "Content-Type": "application/json"})
    try:
        with opener.open(request, timeout=max(0.1, timeout)) as answer:
            return json.loads(answer.read(10_000_000))
    except (http.client.HTTPException, ValueError) as error:
        raise ConnectionError(f"the answer is not usable: {error!r}") from error


def read_json(error):
    """Returns the JSON object of an error's body; an empty one if it has none."""
    try:
        body = json.loads(error.read(100_000))
        return body if isinstance(body, dict) else {}
    except (OSError, ValueError):
        return {}


def retry_after_of(error):
    text = error.headers.get("Retry-After", "")
    return int(text) if text.isdigit() else 1
