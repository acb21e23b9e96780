"""Sample agent: drafts outreach messages within the limits of each channel. It sends nothing."""

from agent_server import serve, text, texts

LINKEDIN_LIMIT = 300
UPWORK_LIMIT = 5_000


def clip(message, limit):
    """Shortens a message to at most `limit` characters, at a word boundary."""
    if len(message) <= limit:
        return message
    return message[: limit - 1].rsplit(" ", 1)[0] + "…"


def answer(message, limit=None):
    shown = message if limit is None else clip(message, limit)
    return {"message": shown, "characters": len(shown), "clipped": shown != message, "sent": False}


def direct_message(data):
    name, offer = text(data, "name"), text(data, "offer")
    hook = text(data, "hook") if data.get("hook") else ""
    opening = f"Hi {name}, {hook[0].lower() + hook[1:]} " if hook else f"Hi {name}! "
    return answer(f"{opening}I help with {offer}. Would ten minutes this week suit you?")


def linkedin(data):
    name, offer, company = text(data, "name"), text(data, "offer"), text(data, "company", "your team")
    return answer(
        f"Hello {name}, I follow what {company} does and work on {offer}. I would be glad to connect and compare notes.",
        LINKEDIN_LIMIT,
    )


def upwork(data):
    job, offer = text(data, "job"), text(data, "offer")
    proofs = texts(data, "proofs")
    lines = [f"You are looking for: {job}.", "", f"What I bring: {offer}."]
    lines += [""] + [f"- {proof}" for proof in proofs] if proofs else []
    lines += ["", "I can begin this week. Shall I outline the first steps?"]
    return answer("\n".join(lines), UPWORK_LIMIT)


if __name__ == "__main__":
    serve({"outreach.dm": direct_message, "outreach.linkedin": linkedin, "upwork.propose": upwork})
