"""Sample agent: splits a goal into tasks by capability, and has other agents carry them out.

It finds the capabilities by keywords, and writes the inputs from templates. Replace `CAPABILITIES` and `INPUTS` with a
language model. `delegation.py` routes the tasks, sends them and gathers their results.
"""

import re

from agent_server import InputError, serve, text
from delegation import carry_out

# The keywords that select each capability, and the capabilities that must run before it.
CAPABILITIES = {
    "research.market": (("market", "research", "competitor", "audience"), ()),
    "content.generate": (("post", "article", "content", "blog", "write", "draft", "newsletter"), ("research.market",)),
    "content.publish": (("publish", "release"), ("content.generate",)),
    "outreach.dm": (("dm", "message", "reach", "outreach"), ("research.market", "content.generate")),
    "outreach.linkedin": (("linkedin",), ("research.market", "content.generate")),
    "upwork.propose": (("upwork", "proposal", "freelance"), ("research.market",)),
    "revenue.track": (("revenue", "income", "ledger", "sales"), ()),
    "analytics.report": (("report", "analytics", "numbers"), ("revenue.track",)),
}

# The input of a task, from the goal. A capability without a template gets the goal alone.
INPUTS = {
    "content.generate": lambda goal: {"topic": goal, "points": [goal]},
    "content.publish": lambda goal: {"topic": goal, "points": [goal]},
    "outreach.dm": lambda goal: {"name": "there", "offer": goal},
    "outreach.linkedin": lambda goal: {"name": "there", "offer": goal},
    "upwork.propose": lambda goal: {"job": goal, "offer": goal},
}

DEADLINE_SECONDS, MAX_DEADLINE_SECONDS = 120, 600


def plan(data):
    """Returns the tasks of a goal: each with its input, and the ids of the tasks that must be done before it."""
    goal = text(data, "goal")
    inputs = data.get("inputs", {})
    if not isinstance(inputs, dict) or not all(isinstance(each, dict) for each in inputs.values()):
        raise InputError("input.inputs must have an object for each task type that it names")
    words = set(re.findall(r"\w+", goal.lower()))
    asked = [name for name, (keywords, _) in CAPABILITIES.items() if matches(words, keywords)]
    if not asked:
        raise InputError(f"the goal contains no keyword of a capability; the capabilities are: {', '.join(CAPABILITIES)}")
    number = {name: index for index, name in enumerate(asked, start=1)}
    tasks = [
        {
            "id": number[name],
            "taskType": name,
            "input": inputs.get(name) or INPUTS.get(name, lambda goal: {"goal": goal})(goal),
            "after": [number[before] for before in CAPABILITIES[name][1] if before in number],
        }
        for name in asked
    ]
    return {"goal": goal, "tasks": tasks, "sent": False}


def matches(words, keywords):
    """Returns True if a keyword or its plural is among the words."""
    return any(word in words or f"{word}s" in words for word in keywords)


def delegate(data):
    """Plans, has each task carried out, and returns what came of each: done, failed or skipped, and why."""
    seconds = data.get("deadlineSeconds", DEADLINE_SECONDS)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 1 <= seconds <= MAX_DEADLINE_SECONDS:
        raise InputError(f"input.deadlineSeconds must be a number from 1 to {MAX_DEADLINE_SECONDS}")
    whole = plan(data)
    return {"goal": whole["goal"], "tasks": carry_out(whole["tasks"], seconds), "sent": True}


if __name__ == "__main__":
    serve({"orchestrator.plan": plan, "orchestrator.delegate": delegate})
