"""Sample agent: splits a goal into tasks by capability, using keywords instead of a language model.

It only plans. It sends nothing to other agents.
"""

import re

from agent_server import InputError, serve, text

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


def plan(data):
    goal = text(data, "goal")
    words = set(re.findall(r"\w+", goal.lower()))
    asked = [name for name, (keywords, _) in CAPABILITIES.items() if matches(words, keywords)]
    if not asked:
        raise InputError(f"the goal contains no keyword of a capability; the capabilities are: {', '.join(CAPABILITIES)}")
    number = {name: index for index, name in enumerate(asked, start=1)}
    tasks = [
        {
            "id": number[name],
            "taskType": name,
            "input": {"goal": goal},
            "after": [number[before] for before in CAPABILITIES[name][1] if before in number],
        }
        for name in asked
    ]
    return {"goal": goal, "tasks": tasks, "sent": False}


def matches(words, keywords):
    """Returns True if a keyword or its plural is among the words."""
    return any(word in words or f"{word}s" in words for word in keywords)


def delegate(data):
    """Returns the tasks that can start now, and the number of those that wait for them. Sends nothing."""
    whole = plan(data)
    return {"ready": [task for task in whole["tasks"] if not task["after"]], "waiting": len([t for t in whole["tasks"] if t["after"]]), "sent": False}


if __name__ == "__main__":
    serve({"orchestrator.plan": plan, "orchestrator.delegate": delegate})
