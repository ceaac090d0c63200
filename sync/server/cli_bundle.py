"""`gapura central import-bundle`: what doors have sent by hand."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sync.clock import SystemClock
from sync.server.cli_options import JSON, database_options, opened_store
from sync.server.settings import Settings

if TYPE_CHECKING:
    from sync.server.bundles import Taken


@click.command("import-bundle")
@click.argument("place", metavar="FILE|DIR", type=click.Path(path_type=Path, exists=True))
@JSON
@database_options
def import_bundle(settings: Settings, place: Path, as_json: bool) -> None:
    """Take the entries on a stick, as if the doors had sent them, and write the answers and the newest documents beside them."""
    from sync.protocol import bundle
    from sync.server import bundles
    from sync.server.app import create_app

    files = bundles.batch_files(place)
    if not files:
        raise click.ClickException(f"{place}: there are no batches; at the door run `gapura sync export-bundle DIR`")
    found = []
    with opened_store(settings) as store:
        app = create_app(store, SystemClock(), settings)
        try:
            with click.progressbar(files, label="Batches", file=sys.stderr) as bar:
                found += [bundles.take(path, app, store) for path in bar]
            for folder in {taken.path.parent / bundle.ANSWERS for taken in found if not taken.refusal}:
                bundles.write_documents(folder, store)
        except OSError as exc:
            raise click.ClickException(
                f"{place}: {exc.strerror}; what was taken is kept, so free some space there and run this again"
            ) from exc
    _say(found, as_json)
    missing = list(bundles.missing_files(place))
    for path in missing:
        click.echo(f"Error: {path} is named in the manifest and is not there; export at the door again", err=True)
    if missing or any(taken.refusal for taken in found):
        sys.exit(1)


def _say(found: "list[Taken]", as_json: bool) -> None:
    for taken in found:
        if as_json:
            line = {"file": str(taken.path), "device_id": taken.device_id, **taken.outcomes, "refusal": taken.refusal or None}
            click.echo(json.dumps(line))
        elif taken.refusal:
            click.echo(f"Error: {taken.path}: {taken.refusal}; nothing of it was taken", err=True)
    if not as_json:
        counts = {
            word: sum(taken.outcomes.get(word, 0) for taken in found)
            for word in ("stored", "duplicate", "conflict", "unreadable")
        }
        click.echo(", ".join(f"{count} {word}" for word, count in counts.items()) + ". Carry the stick back to the door.")
