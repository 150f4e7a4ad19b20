"""The routes: the webhook, the questions, the page, and what a cluster asks of a program that runs in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Body, FastAPI, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from analyzer.errors import InputError
from analyzer.serve.asking import CHECK_FORMATS, Asking
from analyzer.serve.gate import BadReviewError, Gate
from analyzer.serve.metrics import CONTENT_TYPE, Metrics
from analyzer.serve.rulings import Rulings
from analyzer.serve.state import LiveState, StaleError

_MEDIA = {"json": "application/json", "html": "text/html; charset=utf-8", "sarif": "application/json"}
Texts = Annotated[list[str] | None, Query()]
Change = Annotated[Any, Body()]


def app_of(state: LiveState, rulings: Rulings, refresh: int = 30) -> FastAPI:
    """`refresh`: after how many seconds the page is made again.  The state is followed while the app runs."""

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        yield
        state.stop()

    app = FastAPI(title="netproof", docs_url=None, redoc_url=None, lifespan=running)
    gate, asking, metrics = Gate(state, rulings), Asking(state), Metrics(state)

    @app.post("/validate")
    def validate(review: Change) -> Response:
        with metrics.seconds.time():
            answer, admission = gate.review(review)
        metrics.admissions.labels(admission.outcome).inc()
        return JSONResponse(answer)

    @app.get("/v1/check")
    @app.post("/v1/check")
    def check(change: Change = None, format: str = "json") -> Response:
        return _shown(format, lambda: asking.check(change, format))

    @app.get("/v1/explain")
    @app.post("/v1/explain")
    def explain(
        source: str, destination: str, on: Texts = None, change: Change = None, format: str = "json"
    ) -> Response:
        return _shown(format, lambda: asking.explain(source, destination, on or (), change, format))

    @app.get("/v1/map")
    @app.post("/v1/map")
    def map_(namespace: Texts = None, change: Change = None, format: str = "json") -> Response:
        return _shown(format, lambda: asking.map(namespace or (), change, format))

    @app.get("/")
    def page() -> Response:
        found = _shown("html", lambda: asking.check(None, "html"))
        found.headers["Refresh"] = str(refresh)
        return found

    @app.get("/map")
    def map_page(namespace: Texts = None) -> Response:
        return _shown("html", lambda: asking.map(namespace or (), None, "html"))

    _add_health(app, state, metrics)
    _add_errors(app)
    return app


def _shown(format: str, make: Callable[[], str]) -> Response:
    return Response(make(), media_type=_MEDIA.get(format, "text/plain; charset=utf-8"))


def _add_health(app: FastAPI, state: LiveState, metrics: Metrics) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        """It runs; whether it can answer, /readyz says."""
        return PlainTextResponse("ok")

    @app.get("/readyz")
    def readyz() -> Response:
        if state.is_current and state.is_answered:
            return PlainTextResponse("ok")
        if state.is_current:
            return PlainTextResponse("the cluster as it stands is being judged", 503)
        return PlainTextResponse(f"behind: {', '.join(state.behind) or 'nothing is followed'}", 503)

    @app.get("/metrics")
    def told() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(StaleError)
    def stale(_: Request, error: StaleError) -> Response:
        return JSONResponse({"error": f"no answer: {error}"}, 503, {"Retry-After": "5"})

    @app.exception_handler(InputError)
    def bad(_: Request, error: InputError) -> Response:
        return JSONResponse({"error": [str(problem) for problem in error.problems]}, 400)

    @app.exception_handler(BadReviewError)
    def no_review(_: Request, error: BadReviewError) -> Response:
        return JSONResponse({"error": str(error)}, 400)


__all__ = ["CHECK_FORMATS", "app_of"]
