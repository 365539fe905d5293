"""The framework alone: reads a call over HTTP and answers, without looking at it and without a database."""

import sys

import uvicorn
from fastapi import FastAPI, Request, Response

ANSWER = b"x" * 1000
"""As long as the answer to a call that was registered."""

app = FastAPI()


@app.post("/v1/tickets")
async def answer(request: Request) -> Response:
    """Answer as soon as the body is there."""
    await request.body()
    return Response(ANSWER, 201, media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_config=None, access_log=False, server_header=False)
