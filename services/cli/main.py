"""The `candor` command. Exit codes: 0 done; 1 something has no result (a failed evaluation, an unreadable file, a
replay that differs); 2 wrong call or settings; 130 interrupted."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Any, Literal

import grpc
from candor.evaluations.v1.evaluation_pb2 import Evaluation, Ranking
from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.__main__ import serve as serve_target
from services.chassis.runtime import run_on_loop
from services.chassis.settings import SettingsRefused
from services.cli import rendering
from services.cli.mesh import mesh, quiet_logging
from services.cli.screening import CannotScreen, Tally, files_in, rubric_in, screen

DONE, WITHOUT_RESULT, WRONG_CALL, INTERRUPTED = 0, 1, 2, 130

app = App(
    name="candor",
    help="Screens CVs against a job and shows its work.\n\nExit codes: 0 done; 1 something has no result; 2 wrong call "
    "or settings; 130 interrupted.",
    version=lambda: version_of("candor"),
)
_errors = Console(stderr=True)
_CALLERS_FAULT = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND)


def run() -> None:
    """Entry of the `candor` command."""
    try:
        result = app(result_action="return_value")
    except (SettingsRefused, CannotScreen) as error:
        _say(f"candor: {error}", "red")
        sys.exit(WRONG_CALL)
    except grpc.aio.AioRpcError as error:
        _say(f"candor: {error.details()}", "red")
        sys.exit(WRONG_CALL if error.code() in _CALLERS_FAULT else WITHOUT_RESULT)
    sys.exit(result if isinstance(result, int) else DONE)


@app.command(name="screen")
def screen_command(
    job: Path,
    files: Annotated[list[Path], Parameter(negative=())],
    /,
    *,
    form: Annotated[Literal["table", "json", "csv", "markdown"], Parameter(name="--format")] = "table",
    rubric: Path | None = None,
    model: str | None = None,
    output: Path | None = None,
    explain: bool = False,
    verbose: bool = False,
    ephemeral: bool = False,
) -> int:
    """Rank CVs for a job, with the sentence behind every point.

    Parameters
    ----------
    job
        The job description: text, Markdown, PDF or DOCX.
    files
        CVs, or folders of CVs.
    form
        Output as table, json, csv or markdown.
    rubric
        Judge by this rubric (YAML or JSON) instead of drafting one from the job.
    model
        The model: `local:`, or an OpenAI-compatible endpoint. Overrides CANDOR_MODEL_URL.
    output
        Write the ranking to this file instead of standard output.
    explain
        Show each criterion with level, weight and quotes.
    verbose
        Show ids and times in JSON.
    ephemeral
        Keep nothing: no database, no files afterwards.
    """
    quiet_logging()
    tally = Tally()
    given = rubric_in(rubric) if rubric else None
    if not job.is_file():
        raise CannotScreen(f"{job}: there is no such file")
    found = files_in(files)
    _choose_model(model)

    async def work() -> Ranking:
        async with mesh(["store", "parser", "scorer"], ephemeral=ephemeral) as here:
            return await screen(here, job, found, given, tally)

    try:
        ranking = _with_progress(tally, work)
    except KeyboardInterrupt:
        kept = "nothing was kept" if ephemeral else "what was judged is kept, and is not paid for again"
        _say(f"Stopped. {tally.judged} of {tally.files} files judged; {kept}.")
        return INTERRUPTED
    _write(_rendered(ranking, form, explain=explain, verbose=verbose, to_file=output is not None), output)
    judged = [one for one in ranking.evaluations if one.state == Evaluation.STATE_SUCCEEDED]
    return DONE if judged and len(judged) == len(ranking.evaluations) else WITHOUT_RESULT


@app.command
def parse(file: Path, /, *, form: Annotated[Literal["text", "json"], Parameter(name="--format")] = "text") -> int:
    """Show what the parser sees in a document.

    Parameters
    ----------
    file
        A PDF, DOCX, text or Markdown file.
    form
        The visible text, or the whole parsed document as JSON.
    """
    from services.parser.sandbox import Sandbox

    quiet_logging()
    if not file.is_file():
        raise CannotScreen(f"{file}: there is no such file")
    content = file.read_bytes()

    async def work() -> Any:
        sandbox = Sandbox(at_once=1)
        await sandbox.start()
        try:
            return await sandbox.read(content)
        finally:
            await sandbox.stop()

    answer = run_on_loop(work)
    if answer.WhichOneof("outcome") == "unreadable":
        _say(f"{file}: {answer.unreadable.reason}")
        return WITHOUT_RESULT
    if form == "json":
        print(json.dumps(rendering.message_as_dict(answer.parsed), ensure_ascii=False, indent=2))
        return DONE
    print(answer.parsed.text)
    for span in answer.parsed.hidden_spans:
        _say(f"hidden on page {span.page}: {span.text}", "yellow")
    for warning in answer.parsed.warnings:
        _say(f"note: {warning}")
    return DONE


@app.command
def serve(target: Literal["all", "gateway", "parser", "scorer", "store"], /) -> int:
    """Run a service, or all of them in one process.

    Parameters
    ----------
    target
        `all` needs nothing else: database, bus and files are embedded below CANDOR_DATA_DIR.
    """
    return serve_target(target)


@app.command
def replay(evaluation_id: str, /) -> int:
    """Recompute a result from its decision record; it must be identical.

    Parameters
    ----------
    evaluation_id
        The evaluation, `eva_…` (`candor screen --format json --verbose` shows it).
    """
    from services.cli.replaying import replay as replay_evaluation

    quiet_logging()

    async def work() -> Any:
        async with mesh(["store"]) as here:
            return await replay_evaluation(here, evaluation_id)

    found = run_on_loop(work)
    answer = found.record.answer
    print(f"recorded  {found.record.result.overall_score:.1f}  by {answer.model.provider}/{answer.model.name}")
    if found.result is not None:
        print(f"replayed  {found.result.overall_score:.1f}")
    for difference in found.differences:
        print(f"differs: {difference}")
    print("different" if found.differences else "identical")
    return WITHOUT_RESULT if found.differences else DONE


@app.command
def migrate() -> int:
    """Bring the schema of CANDOR_DATABASE_URL up to date (the store does so at start, too)."""
    from services.chassis.database import Database
    from services.store.database import migrate as bring_up_to_date
    from services.store.settings import StoreSettings

    quiet_logging()
    database = Database(StoreSettings.load().database_url)

    async def work() -> None:
        await database.start()
        try:
            await asyncio.to_thread(bring_up_to_date, database.dsn)
        finally:
            await database.stop()

    run_on_loop(work)
    print("The schema is up to date.")
    return DONE


@app.command
def settings() -> int:
    """Show all settings with default, meaning and current value."""
    from services.cli.settings_table import all_settings, as_table

    console = Console() if sys.stdout.isatty() else Console(width=200)
    console.print(as_table(all_settings()))
    return DONE


@app.command(name="signing-key")
def signing_key(file: Path, /) -> int:
    """Make the key that the services of a mesh sign and verify access tokens with.

    Parameters
    ----------
    file
        Where to write it (PEM, readable by you only). An existing file is left as it is.
    """
    from services.chassis.security.tokens import create_key, load_key

    create_key(file)
    load_key(file)
    print(f"CANDOR_SIGNING_KEY_FILE={file}")
    return DONE


@app.command
def version() -> int:
    """Show the version."""
    print(version_of("candor"))
    return DONE


def _say(text: str, style: str = "") -> None:
    """One message on standard error, as it is: a terminal wraps by itself, a file wants whole lines."""
    _errors.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _choose_model(url: str | None) -> None:
    import os

    if url is not None:
        os.environ["CANDOR_MODEL_URL"] = url


def _with_progress(tally: Tally, work: Callable[[], Coroutine[Any, Any, Ranking]]) -> Ranking:
    """Runs the work under a bar on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_errors, transient=True, disable=not _errors.is_terminal) as progress:
        reading, judging = progress.add_task("read", total=None), progress.add_task("judged", total=None)

        def show(now: Tally) -> None:
            progress.update(reading, total=now.files, completed=now.read)
            progress.update(judging, total=now.files, completed=now.judged)

        tally.on_change = show
        return run_on_loop(work)


def _rendered(ranking: Ranking, form: str, *, explain: bool, verbose: bool, to_file: bool) -> str:
    match form:
        case "json":
            return rendering.as_json(ranking, verbose=verbose)
        case "csv":
            return rendering.as_csv(ranking)
        case "markdown":
            return rendering.as_markdown(ranking, explain=explain)
        case _:
            terminal = Console() if sys.stdout.isatty() and not to_file else None
            width = terminal.width if terminal else None
            return rendering.as_table(ranking, explain=explain, width=width, colour=terminal is not None)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run()
