"""What was measured, as a row of a table and as a line of JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime


@dataclass(frozen=True)
class Measurement:
    """One side at one number of calls in flight."""

    side: str
    in_flight: int
    evaluations: int
    seconds: float
    """From the first request to the last result."""
    per_second: float
    """Between a tenth and nine tenths of the results."""
    per_second_overall: float
    ideal: float
    """Calls in flight divided by the model's seconds."""
    share_of_ideal: float
    most_in_flight: int
    """As the endpoint saw it."""
    p50_seconds: float
    p99_seconds: float
    """From queued to finished: with everything queued at once this is mostly the wait in the queue."""
    cpu_ms_per_evaluation: Mapping[str, float]
    cores_for_ideal: float
    """Processors that the ideal would take at this price of an evaluation, with as many processes as that needs."""
    busy_elsewhere: float
    """Processors' worth of work that other processes of the machine did meanwhile."""
    errors: Sequence[str]


def measured(
    side: str,
    in_flight: int,
    model_seconds: float,
    times: Sequence[tuple[datetime, datetime]],
    began: datetime,
    *,
    most_in_flight: int,
    cpu_seconds: Mapping[str, float],
    busy_seconds: float,
    errors: Sequence[str],
) -> Measurement:
    """The figures of one run; `times` are when each evaluation was queued and finished."""
    if not times:
        raise RuntimeError(f"{side}: nothing was finished: {'; '.join(errors)}")
    finished = sorted(end for _, end in times)
    many, seconds = len(finished), (finished[-1] - began).total_seconds()
    first, last = many // 10, many - 1 - many // 10
    steady = (last - first) / max((finished[last] - finished[first]).total_seconds(), 1e-9)
    waits = sorted((end - start).total_seconds() for start, end in times)
    ideal = in_flight / model_seconds
    return Measurement(
        side=side,
        in_flight=in_flight,
        evaluations=many,
        seconds=round(seconds, 1),
        per_second=round(steady, 1),
        per_second_overall=round(many / seconds, 1),
        ideal=ideal,
        share_of_ideal=round(steady / ideal, 3),
        most_in_flight=most_in_flight,
        p50_seconds=round(waits[many // 2], 1),
        p99_seconds=round(waits[min(many - 1, many * 99 // 100)], 1),
        cpu_ms_per_evaluation={name: round(used * 1000 / many, 2) for name, used in cpu_seconds.items()},
        cores_for_ideal=round(ideal * sum(cpu_seconds.values()) / many, 2),
        busy_elsewhere=round(max(0.0, busy_seconds - sum(cpu_seconds.values())) / seconds, 2),
        errors=errors,
    )


def as_json(one: Measurement) -> str:
    return json.dumps({**asdict(one), "cores": os.cpu_count()})


def as_table(all_of_them: Sequence[Measurement]) -> str:
    """Markdown: throughput first, then where the processor time went."""
    rows = [
        "| side | in flight (peak seen) | evaluations | seconds | evaluations/s steady (overall) | ideal/s | of ideal "
        "| queued to finished p50 / p99 | CPU ms each, all own processes | cores for the ideal | other load | errors |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in all_of_them:
        total = sum(one.cpu_ms_per_evaluation.values())
        rows.append(
            f"| {one.side} | {one.in_flight} ({one.most_in_flight}) | {one.evaluations} | {one.seconds:.0f} "
            f"| {one.per_second:.1f} ({one.per_second_overall:.1f}) | {one.ideal:g} | {one.share_of_ideal:.0%} "
            f"| {one.p50_seconds:.0f} s / {one.p99_seconds:.0f} s | {total:.1f} "
            f"| {one.cores_for_ideal:.1f} | {one.busy_elsewhere:.1f} cores "
            f"| {len(one.errors)} |"
        )
    rows += ["", "CPU ms per evaluation by process:", ""]
    for one in all_of_them:
        parts = ", ".join(f"{name} {used:.1f}" for name, used in one.cpu_ms_per_evaluation.items())
        rows.append(f"- {one.side}, {one.in_flight} in flight: {parts}")
    rows += [f"- **{one.side}, {one.in_flight}**: {error}" for one in all_of_them for error in one.errors]
    return "\n".join(rows)
