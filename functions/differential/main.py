"""The door of differential: rank what could cause findings, answer the same by voice, tell what the table knows.

It keeps and logs nothing of what it is told.
"""

from functions.differential import schema, service, spoken
from voiceassist.contracts.answers import Question, Spoken
from voiceassist.runtime.skill import skill

room, app, differential = skill("differential", title="Differential diagnosis")


@app.get("/api/v1/differential/presentations")
async def presentations() -> schema.Presentations:
    return service.listed()


@app.post("/api/v1/differential")
async def rank(request: schema.DifferentialRequest) -> schema.Differential:
    """422 NEEDS_INPUT where age, sex or onset is missing, unless there is a red flag or `just_answer`."""
    return service.differential(request)


@app.post("/api/v1/differential/ask")
async def ask(question: Question) -> Spoken:
    """By voice: at most two questions back, each marked by `asks`; "just answer" is honoured."""
    return spoken.answered(question)
