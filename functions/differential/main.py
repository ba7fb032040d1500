"""The door of differential: rank what could cause findings, answer the same by voice, tell what the table knows.

It keeps and logs nothing of what it is told.
"""

from functions.differential import access, explaining, schema, service, spoken
from voiceassist.contracts.answers import Question, Spoken
from voiceassist.runtime.skill import skill

room, app, differential = skill("differential", title="Differential diagnosis", actions=access.ACTIONS)


@app.get("/api/v1/differential/presentations")
async def presentations() -> schema.Presentations:
    return service.listed()


@app.post("/api/v1/differential")
async def rank(request: schema.DifferentialRequest) -> schema.Differential:
    """422 NEEDS_INPUT where age, sex or onset is missing, unless there is a red flag or `just_answer`."""
    case = service.understood(request)
    told = service.differential(case)
    if not request.explain or not case.complaints:
        return told
    return told.model_copy(update={"explanation": await explaining.of(case)})


@app.post("/api/v1/differential/ask")
async def ask(question: Question) -> Spoken:
    """By voice: at most two questions back, each marked by `asks`; "just answer" and "explain" are honoured."""
    case = spoken.case_of(question)
    wanted = case.complaints and not case.waits and spoken.wants_explanation(question)
    return spoken.answered(question, case, await explaining.of(case) if wanted else None)
