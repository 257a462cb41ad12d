"""The application of examples 02 to 05: retrieval, one model call, an answer."""

import os

import local  # a model without a key, and where to write
import otel_i2e.auto  # the one import: every model call is recorded from here on

import anthropic
import otel_i2e

PROMPTS = {
    "v1": "You are the assistant of an electronics shop. Be helpful.",
    "v2": "You are the assistant of an electronics shop. Answer only from the documents, and cite them.",
}
DOCUMENTS = [
    {"id": "returns", "content": "Electronics, laptops included, can be returned within 30 days of delivery."},
    {"id": "delivery", "content": "Delivery takes 3 working days."},
]
client = anthropic.Anthropic()


@otel_i2e.observe(kind="agent")
def answer(question: str) -> str:
    """What a customer gets to read."""
    version = os.environ.get("SHOP_PROMPT", "v1")
    otel_i2e.record_documents(DOCUMENTS, query=question)
    documents = "\n".join(f"[{document['id']}] {document['content']}" for document in DOCUMENTS)
    with otel_i2e.use_prompt("shop", version):
        reply = client.messages.create(
            model="claude-haiku-4-5",
            max_tokens=300,
            system=f"{PROMPTS[version]}\n{documents}",
            messages=[{"role": "user", "content": question}],
        )
    return "".join(block.text for block in reply.content if block.type == "text")


def serve_customers() -> None:
    """Three customers; one of them is not content and says so in the app."""
    for name, question in [
        ("ana", "Can I return a laptop after 90 days?"),
        ("ben", "How long does delivery take?"),
        ("chloe", "May I return my laptop after 10 days?"),
    ]:
        with otel_i2e.conversation(f"chat-{name}", user=name), otel_i2e.span("chat"):
            said = answer(question)
            print(f"{name}: {question}\n   → {said}")
            if name == "ana" and "30 days" not in said:
                otel_i2e.feedback(otel_i2e.current_trace_id(), 0.0, comment="They sent me away: it is 30 days!")
