"""The command ``hftcore``: one module per command, this one joins them."""

from __future__ import annotations

import sys
from typing import NoReturn

import pyarrow as pa
import typer

import hftcore
from hftcore.cli import (
    chaos,
    demo,
    features,
    gen,
    hdfs,
    jars,
    kafka,
    ledger,
    models,
    operations,
    prove,
    replay,
    report,
    top,
    topics,
    train,
    verify,
)
from hftcore.cli import compile as compile_
from hftcore.cli.shared import EXIT_BAD_INPUT, errors
from hftcore.errors import HftError, MissingExtraError

_INTERRUPTED = 130  # as a shell has it: 128 and the signal's number

_EXTRA_OF = {
    "treelite": "train",
    "tl2cgen": "train",
    "lightgbm": "train",
    "pyspark": "spark",
    "pandas": "spark",
    "confluent_kafka": "kafka",
    "matplotlib": "viz",
    "jinja2": "viz",
}

app = typer.Typer(
    name="hftcore",
    help="Market events to risk-checked decisions, the same bits offline and live.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for module in (demo, gen, train, compile_, verify, replay, report, ledger, operations, top, prove, chaos):
    app.command(name=module.NAME)(module.command)

for group in (features, models, kafka, topics, hdfs, jars):
    app.add_typer(group.app, name=group.NAME)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hftcore {hftcore.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Market events to risk-checked decisions, the same bits offline and live."""


def main() -> None:
    """Run the command line; exit 0 when all held, 1 when a check failed, 2 on bad input, 130 when interrupted."""
    try:
        app()
    except ModuleNotFoundError as error:
        extra = _EXTRA_OF.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        _fail(MissingExtraError(f"{error.name} is not installed: pip install 'hftcore[{extra}]'"))
    except (HftError, OSError, pa.ArrowInvalid) as error:  # Arrow's: a file that is not what its name says
        _fail(error)
    except SystemExit as end:
        if end.code == _INTERRUPTED:  # some versions of typer turn Ctrl-C into an exit without a word
            errors.print("interrupted")
        raise
    except (KeyboardInterrupt, typer.Abort):
        errors.print("interrupted")
        sys.exit(_INTERRUPTED)


def _fail(error: Exception) -> NoReturn:
    errors.print(f"[bold red]hftcore:[/] {type(error).__name__}:", end=" ")
    errors.print(" ".join(str(error).split()), markup=False, highlight=False, soft_wrap=True)
    sys.exit(EXIT_BAD_INPUT)
