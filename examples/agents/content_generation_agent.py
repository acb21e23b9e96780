"""Sample agent: drafts a post from a brief, using templates instead of a language model. Replace `draft` with yours."""

import re

from agent_server import InputError, serve, text, texts

OPENINGS = {
    "plain": "{topic}: what {audience} should know.",
    "friendly": "Let's talk about {topic}, {audience}!",
    "formal": "This note addresses {topic} for the benefit of {audience}.",
}


def draft(data):
    topic = text(data, "topic")
    audience = text(data, "audience", "everyone")
    tone = text(data, "tone", "plain")
    points = [point.strip() for point in texts(data, "points") if point.strip()]
    if tone not in OPENINGS:
        raise InputError(f"input.tone must be one of {', '.join(sorted(OPENINGS))}")
    if not points:
        raise InputError("input.points needs at least one point")
    title = topic[0].upper() + topic[1:]
    body = [sentence(point) for point in points]
    words = len(re.findall(r"\w+", " ".join([title, *body])))
    return {
        "title": title,
        "opening": OPENINGS[tone].format(topic=topic, audience=audience),
        "paragraphs": body,
        "closing": f"In short: {body[0]}",
        "tags": sorted({word.lower() for word in re.findall(r"\w{5,}", topic)}),
        "words": words,
    }


def sentence(point):
    """Returns a point as a sentence, with a capital letter and a full stop."""
    whole = point[0].upper() + point[1:]
    return whole if whole[-1] in ".!?" else f"{whole}."


def render(data):
    """Renders the draft as Markdown for a publisher. This sample publishes nothing."""
    post = draft(data)
    lines = [f"# {post['title']}", "", post["opening"], ""]
    lines += [line for paragraph in post["paragraphs"] for line in (paragraph, "")]
    lines += [post["closing"], "", " ".join(f"#{tag}" for tag in post["tags"])]
    return {"markdown": "\n".join(lines).strip() + "\n", "published": False}


if __name__ == "__main__":
    serve({"content.generate": draft, "content.publish": render})
