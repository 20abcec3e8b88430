"""A problem's members are those that the service sent."""

from service.client.client_errors import ServiceProblem


def test_a_problem_is_read_from_its_body() -> None:
    body = {
        "code": "bad_input", "detail": "length 应为 short", "status": 422,
        "errors": [{"field": "length", "message": "must be short"}],
    }  # fmt: skip
    problem = ServiceProblem.of(body)
    assert (problem.status, problem.code) == (422, "bad_input")
    assert problem.errors == (("length", "must be short"),)
    assert str(problem) == "bad_input: length 应为 short"


def test_a_body_of_another_kind_is_told_too() -> None:
    problem = ServiceProblem.of({}, 502)
    assert (problem.status, problem.code) == (502, "unknown")
