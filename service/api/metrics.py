"""Figures for Prometheus: requests as this process answered them, the office's work as the record stands. No figure is of a person."""

from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from service.api.context import AnOffice
from service.api.watch import BOUNDS, Tally
from service.errors import responses
from service.use_cases.office_figures import OfficeFigures, office_figures

if TYPE_CHECKING:
    from prometheus_client import Metric

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=PlainTextResponse, responses=responses())
def get_metrics(request: Request, office: AnOffice) -> PlainTextResponse:
    """Counts and durations for an administrator's Prometheus; send an administrator's key in the Authorization header."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

    registry = CollectorRegistry()
    registry.register(_Figures(request.app.state.tally, office_figures(office)))
    ProcessCollector(registry=registry)
    return PlainTextResponse(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Figures:
    """What Prometheus collects."""

    def __init__(self, tally: Tally, office: OfficeFigures) -> None:
        self._tally = tally
        self._office = office

    def collect(self) -> Iterator["Metric"]:
        """Yield every family of figures."""
        yield from _of_requests(self._tally)
        yield from _of_the_office(self._office)


def _of_requests(tally: Tally) -> Iterator["Metric"]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    requests = CounterMetricFamily("onemonth_http_requests", "Requests answered", labels=["method", "route", "status"])
    for (method, route, status), n in sorted(tally.requests.items()):
        requests.add_metric([method, route, str(status)], n)
    seconds = HistogramMetricFamily(
        "onemonth_http_request_seconds", "Seconds from a request to the end of its answer", labels=["method", "route"]
    )
    for pair, classes in sorted(tally.classes.items()):
        bounds = [*map(str, BOUNDS), "+Inf"]
        seconds.add_metric([*pair], list(zip(bounds, accumulate(classes), strict=True)), tally.seconds[pair])
    yield requests
    yield seconds
    yield GaugeMetricFamily("onemonth_http_requests_open", "Requests being answered now", tally.open)


def _of_the_office(office: OfficeFigures) -> Iterator["Metric"]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    if office.night is not None:
        night = office.night
        yield GaugeMetricFamily("onemonth_night_seconds", "Seconds of the last night that ended", night.seconds)
        yield GaugeMetricFamily("onemonth_night_proposals", "Referrals the last night proposed", night.proposals)
        yield GaugeMetricFamily("onemonth_night_unplaced", "Members the last night proposed nothing to", night.unplaced)
        yield GaugeMetricFamily("onemonth_night_ended_timestamp_seconds", "When the last night ended", night.ended_at)
        if night.gap is not None:
            yield GaugeMetricFamily(
                "onemonth_night_gap", "Proven distance of its plan from the best, 0 to 1", night.gap
            )
    yield GaugeMetricFamily("onemonth_nights_running", "Nights begun and not ended", office.nights_running)
    waiting = GaugeMetricFamily("onemonth_approvals_waiting", "Steps that wait for a second person", labels=["kind"])
    for kind, n in sorted(office.waiting.items()):
        waiting.add_metric([kind], n)
    yield waiting
    yield CounterMetricFamily("onemonth_import_refused_cells", "Cells that imports refused", office.refused_cells)
    model = GaugeMetricFamily(
        "onemonth_model_info", "The version in charge; refused when its files do not hold", labels=["version"]
    )
    model.add_metric([office.model_version or "refused"], 1)
    yield model
    yield CounterMetricFamily("onemonth_store_writes", "Committed writes to the record", office.store_version)
