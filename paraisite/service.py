"""Calculator by a running service, over HTTP."""

from collections.abc import Iterable, Iterator
from typing import Any, Self

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    retry_if_result,
    stop_after_attempt,
    wait_exponential_jitter,
)

from app.api.problems import MEDIA_TYPE
from app.schemas import Answer, EnsembleList
from models.structure.materials_project.client import check_material_id
from paraisite.calculator import LtcCalc
from paraisite.concurrent import in_order
from paraisite.problems import ServiceUnreachable, problem_error
from paraisite.structures import check_several, content_of

PASSING = (429, 502, 503, 504)  # statuses of faults that may pass
LONGEST_WAIT = 60.0  # s between two attempts
CONCURRENCY = 4  # requests at the same time
BACKOFF = wait_exponential_jitter(multiplier=0.5, max=LONGEST_WAIT)


class ServiceCalc(LtcCalc):
    """Calculator that asks a service, whose problems it raises as the errors they were there.

    `url` may have a path prefix. `ensemble` names the one that answers, instead of the service's
    default. `timeout` is in seconds, for each attempt. Faults that may pass, such as overload, are
    tried again, `attempts` times in all, after the time that the service asks for.
    """

    def __init__(  # noqa: PLR0913 - each is an option of its own
        self,
        url: str,
        *,
        api_key: str | None = None,
        ensemble: str | None = None,
        timeout: float = 90.0,
        attempts: int = 5,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._params = {"ensemble": ensemble} if ensemble else {}
        self._attempts = attempts
        self._http = httpx.Client(
            base_url=url,
            headers={"X-API-Key": api_key} if api_key else {},
            timeout=timeout,
            transport=transport,
        )

    def predict_many(
        self, structures: Iterable[object], n_jobs: int | None = None
    ) -> Iterator[Answer | Exception]:
        """Yield the answer for each structure, in order, or the error in its place.

        `n_jobs` requests are under way at the same time, four unless a positive number is given.
        """
        check_several(structures)
        n_threads = n_jobs if n_jobs and n_jobs > 0 else CONCURRENCY
        yield from in_order(self._predict, structures, n_threads)

    def predict_material(self, material_id: str) -> Answer:
        """Return the answer for a material. Raises MaterialError, StructureError, ServiceError."""
        path = f"predict/{check_material_id(material_id)}"
        return _answer(self._request("GET", path, params=self._params))

    def ensembles(self) -> EnsembleList:
        """Return the ensembles that the service has loaded. Raises ServiceError."""
        return EnsembleList.model_validate_json(
            self._request("GET", "ensembles").content, extra="ignore"
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        """Return the calculator."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the connections."""
        self.close()

    def _predict(self, structure: object) -> Answer | Exception:
        try:
            content = content_of(structure)
            return _answer(self._request("POST", "predict", content=content, params=self._params))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this structure's alone
            return error

    def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Return the response to a request, tried again where that may help.

        Raises the error that the service answers with, ServiceUnreachable.
        """
        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            wait=_pause,
            retry=retry_if_exception(_is_passing) | retry_if_result(_may_pass),
            retry_error_callback=_last,
        )
        try:
            response: httpx.Response = retrying(self._http.request, method, path, **options)
        except httpx.TransportError as error:
            raise ServiceUnreachable(
                f"{self._http.base_url} does not answer ({error}); check the address."
            ) from error
        if not response.is_success:
            raise problem_error(response.status_code, response.content)
        return response


def _answer(response: httpx.Response) -> Answer:
    # A newer service may tell more.
    return Answer.model_validate_json(response.content, extra="ignore")


def _is_passing(error: BaseException) -> bool:
    """Tell whether another attempt may do: not where the address is none."""
    is_fault = isinstance(error, httpx.TransportError)
    return is_fault and not isinstance(error, httpx.UnsupportedProtocol)


def _may_pass(response: httpx.Response) -> bool:
    """Tell whether another attempt may do: the service says so, or it is not its own answer."""
    headers = response.headers
    is_problem = headers.get("content-type", "").startswith(MEDIA_TYPE)
    return response.status_code in PASSING and ("retry-after" in headers or not is_problem)


def _pause(state: RetryCallState) -> float:
    """Return the seconds until the next attempt."""
    outcome = state.outcome
    if outcome is not None and not outcome.failed:
        asked = outcome.result().headers.get("retry-after", "")
        if asked.isdecimal():
            return min(float(asked), LONGEST_WAIT)
    return BACKOFF(state)


def _last(state: RetryCallState) -> Any:
    """Return the last response, or raise the last error."""
    assert state.outcome is not None  # noqa: S101 - narrows the type
    return state.outcome.result()
