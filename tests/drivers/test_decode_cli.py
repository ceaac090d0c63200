"""`gapura decode` and `gapura bench decode`."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from drivers.cli_decode import bench, decode
from drivers.decode_bench import Photo, compare, drawn_photos
from drivers.virtual.scene import make_badge_image
from tests.drivers.pictures import BADGE, on_white, png_of


def run(command, *arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture
def badge_png(tmp_path):
    path = tmp_path / "badge.png"
    path.write_bytes(png_of(on_white(make_badge_image(BADGE))))
    return path


def test_decode_prints_one_object_a_picture(badge_png):
    """File, codes and milliseconds, one object a line, nothing else."""
    result = run(decode, badge_png, badge_png, "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, result.stderr) == (0, "")
    assert [(row["file"], row["codes"]) for row in rows] == [(str(badge_png), [BADGE])] * 2
    assert all(row["ms"] > 0 for row in rows)


def test_decode_prints_texts_for_people(badge_png):
    """Without --json each text stands on a line after its file."""
    assert run(decode, badge_png).stdout == f"{badge_png}: {BADGE}\n"


def file_with(data):
    return lambda path: path.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(lambda path: None, "No such file", id="missing"),
        pytest.param(lambda path: path.mkdir(), "Is a directory", id="folder"),
        pytest.param(file_with(b""), "no picture", id="empty"),
        pytest.param(file_with(b"id,name\n1,Sari\n"), "no picture", id="foreign"),
        pytest.param(file_with(png_of(on_white(make_badge_image(BADGE)))[:200]), "no picture", id="cut off"),
        pytest.param(file_with(png_of(np.zeros((9000, 9000), np.uint8))), "million pixels", id="oversized"),
        pytest.param(file_with(png_of(np.full((200, 200), 255, np.uint8))), "no QR code was found", id="no code"),
        pytest.param(file_with(png_of(on_white(make_badge_image(b"\x00\xff\xfe\x01")))), "binary data", id="binary"),
    ],
)
def test_each_bad_picture_gets_one_sentence_and_the_rest_are_read(tmp_path, badge_png, make, says):
    """What cannot be read is named with its reason, the next picture is read, and the exit code says that not all was done."""
    bad = tmp_path / "bad.png"
    make(bad)
    result = run(decode, bad, badge_png)
    assert result.exit_code == 1
    assert result.stdout == f"{badge_png}: {BADGE}\n"
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith(f"{bad}: ")
    assert says in sentence


def test_an_oversized_text_is_read_and_remarked_upon(tmp_path):
    """A text that no badge has is printed, with a sentence that says so."""
    path = tmp_path / "long.png"
    path.write_bytes(png_of(on_white(make_badge_image("LONG" * 200, module=4))))
    result = run(decode, path, "--json")
    assert json.loads(result.stdout)["codes"] == ["LONG" * 200]
    assert (result.exit_code, len(result.stderr.splitlines())) == (0, 1)


def test_decode_without_pictures_is_a_wrong_call():
    """Nothing to do is a mistake in the call."""
    assert run(decode).exit_code == 2


@pytest.fixture
def photos(tmp_path, badge_png):
    """A folder with a manifest: one badge that is read, one photograph whose code nobody knows."""
    (tmp_path / "empty.png").write_bytes(png_of(np.full((300, 300), 200, np.uint8)))
    manifest = f'file\tcategory\texpected_json\nbadge.png\tflat\t["{BADGE}"]\nempty.png\tnone\t[null]\n'
    (tmp_path / "manifest.tsv").write_text(manifest)
    return tmp_path


def test_the_bench_prints_each_figure_beside_its_limit(photos):
    """Recall, false reads and time, with the keys that scripts rely on."""
    result = run(bench, "decode", "--photos", photos, "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [list(row) for row in rows] == [["bench", "figure", "unit", "limit", "limit_is", "ratio"]] * 3
    assert [(row["bench"], row["unit"]) for row in rows] == [("decode", unit) for unit in ("recall", "false reads", "ms mean")]
    assert [row["figure"] for row in rows[:2]] == [0.5, 0]


def test_a_false_read_fails_the_bench(photos):
    """A text that is not on the photograph is counted, and the exit code says so."""
    manifest = photos / "manifest.tsv"
    manifest.write_text(manifest.read_text().replace(BADGE, "ANOTHER"))
    result = run(bench, "decode", "--photos", photos, "--json")
    assert (result.exit_code, json.loads(result.stdout.splitlines()[1])["figure"]) == (1, 1)


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        (None, "no manifest.tsv"),
        ("file\tother\nbadge.png\tx\n", "no column 'expected_json'"),
        ("file\texpected_json\n", "names no photographs"),
        ("file\texpected_json\nbadge.png\tnot json\n", "cannot be followed"),
        ("file\texpected_json\nnone.png\t[]\n", "cannot be followed"),
    ],
)
def test_a_folder_that_cannot_be_followed_is_a_wrong_call(tmp_path, badge_png, manifest, says):
    """Exit 2 with a sentence that says what is wrong with the folder."""
    if manifest is not None:
        (tmp_path / "manifest.tsv").write_text(manifest)
    result = run(bench, "decode", "--photos", tmp_path)
    assert result.exit_code == 2
    assert says in result.stderr


def test_times_are_compared_in_the_same_run():
    """With a clock by hand, the time's ratio is what our passes took to what one pass took."""
    ticks = iter([*[0] * 6, 0, 1, 1, 9, 9, 12])
    photo = Photo(on_white(make_badge_image(BADGE)), frozenset({BADGE}), complete=True)
    time = compare([photo], seconds=lambda: next(ticks))[2]
    assert (time.figure, time.limit, time.ratio, time.is_met) == (3000, 1000, 3.0, True)


def test_drawn_badges_stand_in_for_photographs():
    """Without a folder the bench draws its own frames, and all of them can be read."""
    recall, false, _ = compare(drawn_photos()[:10], seconds=iter(range(1000)).__next__)
    assert (recall.figure, false.figure) == (1.0, 0)
