"""`gapura decode` and `gapura bench decode`: the badge decoder on pictures."""

# OpenCV is imported by the commands that need it: it would cost every other command 30 MB and a quarter of a second.

import json
import time
from pathlib import Path

import click


@click.command()
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="IMAGE...")
@click.option("--json", "as_json", is_flag=True, help="One object a picture on standard output.")
@click.pass_context
def decode(context: click.Context, images: tuple[Path, ...], *, as_json: bool) -> None:
    """Read the QR codes on pictures."""
    from drivers.scanners.stills import read_file
    from drivers.scanners.vision import Decoder, NotAPicture

    decoder, failed = Decoder(), False
    for path in images:
        try:
            still = read_file(decoder, path, now=time.perf_counter_ns)
        except NotAPicture as exc:
            click.echo(f"{path}: {exc}.", err=True)
            failed = True
            continue
        if still.remark:
            click.echo(f"{path}: {still.remark}.", err=True)
        failed |= not still.texts
        if as_json:
            click.echo(json.dumps({"file": str(path), "codes": still.texts, "ms": round(still.ms, 3)}))
        for text in () if as_json else still.texts:
            click.echo(f"{path}: {text}")
    if failed:
        context.exit(1)


@click.group()
def bench() -> None:
    """Measure, each figure beside the limit measured in the same run."""


@bench.command("decode")
@click.option(
    "--photos", type=click.Path(path_type=Path), help="A folder of photographs with a manifest.tsv; else badges are drawn."
)
@click.option(
    "--edge", type=click.IntRange(64), default=1280, show_default=True, help="Photographs are shrunk to this long edge."
)
@click.option("--json", "as_json", is_flag=True, help="One object a figure on standard output.")
@click.pass_context
def bench_decode(context: click.Context, photos: Path | None, edge: int, *, as_json: bool) -> None:
    """The decoder's recall, false reads and time, beside one pass and six."""
    from drivers.decode_bench import BadManifest, compare, drawn_photos, photos_in

    try:
        pictures = drawn_photos() if photos is None else photos_in(photos, edge)
    except BadManifest as exc:
        raise click.UsageError(f"{photos}: {exc}.") from exc
    figures = compare(pictures, seconds=time.perf_counter)
    for figure in figures:
        click.echo(json.dumps(figure.as_json()) if as_json else figure.as_line())
    if not all(figure.is_met for figure in figures):
        click.echo("The decoder does not keep its limits.", err=True)
        context.exit(1)
