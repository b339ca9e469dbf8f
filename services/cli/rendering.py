"""A ranking as a person or a program wants it: table, Markdown, CSV, JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from candor.evaluations.v1.evaluation_pb2 import CriterionResult, Evaluation, Ranking
from candor.jobs.v1.job_pb2 import Criterion
from google.protobuf import json_format
from google.protobuf.message import Message
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

_SHOWN = 3
"""Matches and gaps in a row of a table; JSON has all."""
_CELL = 150
"""Characters of one match or gap in a table; --explain and JSON have them whole."""
_WIDTH_OF_A_PIPE = 160
_CHANGING = {
    *("jobId", "accountId", "evaluationId", "resumeId", "nextPageToken"),
    *("createTime", "updateTime", "finishTime", "parseTime"),
}
"""JSON names that differ from run to run; shown with --verbose only."""
_BUCKET_STYLES = {
    "STRONG": "bold green",
    "GOOD": "green",
    "PARTIAL": "yellow",
    "LIMITED": "dim",
    "NEEDS_REVIEW": "cyan",
}


def judges_in(ranking: Ranking) -> list[str]:
    """The models that judged, as `provider/name`."""
    return sorted({_judge(one) for one in ranking.evaluations if one.HasField("model")})


def as_json(ranking: Ranking, *, verbose: bool) -> str:
    """The contract's JSON of a ranking; without `verbose` nothing that changes from run to run."""
    everything = message_as_dict(ranking)
    everything["job"].pop("rubric", None)
    shown = everything if verbose else _without(everything, _CHANGING)
    return json.dumps(shown, ensure_ascii=False, indent=2) + "\n"


def message_as_dict(message: Message) -> dict[str, Any]:
    """The contract's JSON mapping, zero values included."""
    mapped: dict[str, Any] = json_format.MessageToDict(message, always_print_fields_with_no_presence=True)
    return mapped


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value


def as_csv(ranking: Ranking) -> str:
    """One row a candidate; unreadable files at the end without a rank."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("rank", "file", "score", "bucket", "coverage", "state", "matches", "gaps", "model", "note"))
    for rank, one in ranked(ranking):
        matches, gaps = "; ".join(one.matches), "; ".join(one.gaps)
        cells = (rank, one.resume.file_name, _score(one), bucket_of(one), _coverage(one), _state(one))
        writer.writerow(map(_harmless, (*cells, matches, gaps, _judge(one), note_of(one))))
    for file in ranking.unreadable:
        writer.writerow(map(_harmless, ("", file.file_name, "", "", "", "UNREADABLE", "", "", "", file.reason)))
    return out.getvalue()


def _harmless(cell: object) -> str:
    """No cell is a formula, wherever it is opened (OWASP: CSV injection)."""
    text = str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "=", "+", "-", "@") else text


def as_markdown(ranking: Ranking, *, explain: bool) -> str:
    """Tables that can be pasted into a ticket."""
    lines = [f"# {_md(ranking.job.title)}", "", _judged_by(ranking), ""]
    lines += ["| rank | file | score | bucket | coverage | matches | gaps |", "|---:|---|---:|---|---:|---|---|"]
    for rank, one in ranked(ranking):
        matches, gaps = "<br>".join(map(_md, one.matches[:_SHOWN])), "<br>".join(map(_md, one.gaps[:_SHOWN]))
        cells = (rank, _md(one.resume.file_name), _score(one), bucket_of(one), _coverage(one), matches, gaps)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    for rank, one in ranked(ranking) if explain else ():
        lines += ["", f"## {rank or '–'} {_md(one.resume.file_name)}", "", one.rationale, ""]
        for criterion, result in criteria_of(ranking, one):
            lines.append(f"- **{_md(criterion.question)}** {_verdict(criterion, result)}")
            lines += [f"  > {_md(quote.text)} (page {quote.page})" for quote in result.quotes]
    notes = [f"- {_md(one.resume.file_name)}: {_md(note_of(one))}" for one in ranking.evaluations if note_of(one)]
    lines += ["", "## Notes", "", *notes] if notes else []
    lost = [f"- {_md(file.file_name)}: {_md(file.reason)}" for file in ranking.unreadable]
    lines += ["", "## Could not be read", "", *lost] if lost else []
    return "\n".join(lines) + "\n"


def _md(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def as_table(ranking: Ranking, *, explain: bool, width: int | None, colour: bool) -> str:
    """For a terminal; `width` None where there is none."""
    out = io.StringIO()
    console = Console(file=out, width=width or _WIDTH_OF_A_PIPE, force_terminal=colour, no_color=not colour)
    console.print(Text(ranking.job.title, style="bold"))
    console.print(_judged_by(ranking), style="dim", markup=False)
    console.print(_overview(ranking))
    for rank, one in ranked(ranking) if explain else ():
        _explain(console, ranking, rank, one)
    for one in ranking.evaluations:
        if note_of(one):
            console.print(f"[yellow]note[/] {escape(one.resume.file_name)}: {escape(note_of(one))}")
    if ranking.unreadable:
        console.print("\n[bold]Could not be read[/] (never ranked)")
    for file in ranking.unreadable:
        console.print(f"  {escape(file.file_name)}: {escape(file.reason)}")
    return out.getvalue()


def _overview(ranking: Ranking) -> Table:
    table = Table(expand=True, show_lines=True)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("file", overflow="fold", ratio=2)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("bucket", no_wrap=True)
    table.add_column("coverage", justify="right", no_wrap=True)
    table.add_column("matches", ratio=6)
    table.add_column("gaps", ratio=4)
    for rank, one in ranked(ranking):
        bucket = Text(bucket_of(one), style=_BUCKET_STYLES.get(bucket_of(one), "red"))
        matches, gaps = _bullets(one.matches[:_SHOWN]), _bullets(one.gaps[:_SHOWN])
        table.add_row(str(rank), Text(one.resume.file_name), _score(one), bucket, _coverage(one), matches, gaps)
    return table


def _bullets(lines: Iterable[str]) -> Text:
    flat = (" ".join(line.split()) for line in lines)
    return Text("\n".join(f"• {line[:_CELL]}{'…' if line[_CELL:] else ''}" for line in flat))


def _explain(console: Console, ranking: Ranking, rank: str, one: Evaluation) -> None:
    console.print(f"\n[bold]{rank} {escape(one.resume.file_name)}[/]  {_score(one)}  {bucket_of(one)}")
    console.print(Text(one.rationale))
    for criterion, result in criteria_of(ranking, one):
        console.print(Text(f"  {criterion.question}", style="bold"), Text(_verdict(criterion, result), style="cyan"))
        for quote in result.quotes:
            console.print(Text(f"      “{' '.join(quote.text.split())}” (page {quote.page})"))


def _verdict(criterion: Criterion, result: CriterionResult) -> str:
    finding = CriterionResult.Finding.Name(result.finding).removeprefix("FINDING_").replace("_", " ").lower()
    level = f"level {result.level}" if result.HasField("level") else "no level"
    kind = Criterion.Kind.Name(criterion.kind).removeprefix("KIND_").replace("_", " ").lower()
    dropped = f", {result.rejected_quote_count} quotes dropped" if result.rejected_quote_count else ""
    return f"{level}, {finding}, {kind}, weight {criterion.weight:g}{dropped}"


def criteria_of(ranking: Ranking, one: Evaluation) -> Iterator[tuple[Criterion, CriterionResult]]:
    """Each criterion with what was found out for it."""
    questions = {criterion.criterion_id: criterion for criterion in ranking.rubric.criteria}
    return ((questions[result.criterion_id], result) for result in one.criteria if result.criterion_id in questions)


def ranked(ranking: Ranking) -> Iterator[tuple[str, Evaluation]]:
    """Candidates with their rank; those without a result have none. Equal score and coverage is one rank."""
    shown, before = 0, None
    for position, one in enumerate(ranking.evaluations, 1):
        if one.state != Evaluation.STATE_SUCCEEDED:
            yield "", one
            continue
        place = (one.overall_score, one.coverage)
        shown, before = (shown if place == before else position), place
        yield str(shown), one


def note_of(one: Evaluation) -> str:
    """What a recruiter must know beside the score: why there is none, and text that was hidden from them."""
    if one.HasField("failure"):
        return one.failure.message
    if not one.resume.hidden_spans:
        return ""
    words = " ".join(" ".join(span.text for span in one.resume.hidden_spans).split())
    return f"contains text that a reader does not see; it was not judged: “{words[:200]}{'…' if words[200:] else ''}”"


def _judged_by(ranking: Ranking) -> str:
    judges = ", ".join(judges_in(ranking)) or "nobody"
    return f"Judged by {judges}; rubric version {ranking.rubric.version} by {ranking.rubric.author or 'you'}"


def _judge(one: Evaluation) -> str:
    return f"{one.model.provider}/{one.model.name}" if one.HasField("model") else ""


def _score(one: Evaluation) -> str:
    return f"{one.overall_score:.1f}" if one.HasField("overall_score") else "–"


def _coverage(one: Evaluation) -> str:
    return f"{one.coverage * 100:.0f} %" if one.HasField("coverage") else "–"


def bucket_of(one: Evaluation) -> str:
    """The bucket, or the state where there is no result."""
    if one.state != Evaluation.STATE_SUCCEEDED:
        return _state(one)
    return Evaluation.Bucket.Name(one.bucket).removeprefix("BUCKET_")


def _state(one: Evaluation) -> str:
    return Evaluation.State.Name(one.state).removeprefix("STATE_")
