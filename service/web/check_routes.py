"""The route /check: the verdict on digests that somebody else wrote.

No model is needed; one that is loaded is asked where words don't decide.
"""

from functools import cache

from flask import Blueprint, Response, current_app, request

from service.checks.report import CheckRequest, CheckResult, check_pair
from service.pipeline.validation import told
from service.resources import Resources
from service.serving.plan_pool import PlanPool
from service.settings import Settings
from service.web.request_body import read_pair
from service.web.submission import slot, turn

blueprint = Blueprint("checks", __name__)


@blueprint.post("/check")
def check() -> Response:
    settings: Settings = current_app.config["SETTINGS"]
    with slot():
        with turn():
            pair = read_pair(request, settings.max_characters)
        result = _checked(pair, settings)
        return Response(result.model_dump_json(), mimetype="application/json")


def _checked(pair: CheckRequest, settings: Settings) -> CheckResult:
    """Long ones in another process, by their words alone."""
    service = current_app.config["SERVICE"]
    plans: PlanPool = service.plans
    if plans.lane(pair.text, *pair.digests.values()) != "here":
        return plans.check(pair)
    resources = _resources(settings)
    return check_pair(pair, resources.glossary, told(resources.prompts), service.weigh)


@cache
def _resources(settings: Settings) -> Resources:
    """The glossary and the prompts, read when the first pair comes."""
    return Resources.load(settings)
