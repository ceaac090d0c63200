"""Pictures that the camera's tests make for themselves, and a clock that stands still until told."""

import cv2
import numpy as np

from drivers.scanners.camera import JpegFrame
from drivers.virtual.scene import Scene, make_badge_image

BADGE = "G1ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Ticks:
    """Monotonic nanoseconds by hand."""

    def __init__(self):
        self.ns = 1_000_000_000

    def __call__(self):
        return self.ns

    def advance(self, seconds):
        self.ns += int(seconds * 1e9)


def hall_frames(count, seed=1):
    """So many different frames of the empty hall."""
    scene = Scene(seed)
    return [JpegFrame(scene.empty_jpeg(0.0)) for _ in range(count)]


def badge_frames(text, count, seed=1):
    """So many frames in which somebody holds up a badge with that text."""
    scene = Scene(seed)
    held = scene.presentation(text)
    return [JpegFrame(scene.badge_jpeg(held, number / 30, 0.0)) for number in range(count)]


def on_white(*codes, gap=60):
    """Codes side by side on white."""
    height = max(code.shape[0] for code in codes) + 2 * gap
    columns = [np.full((height, gap), 255, np.uint8)]
    for code in codes:
        column = np.full((height, code.shape[1] + gap), 255, np.uint8)
        column[gap : gap + code.shape[0], : code.shape[1]] = code
        columns.append(column)
    return np.hstack(columns)


def spoiled_code(text=BADGE):
    """A code whose corner marks can be found and whose content is gone."""
    code = make_badge_image(text, module=8)
    side = code.shape[0]
    code[side // 2 - 40 : side // 2 + 40, side // 4 : side * 3 // 4] = 255
    return on_white(code)


def png_of(picture):
    """The picture as a PNG file's bytes."""
    return cv2.imencode(".png", picture)[1].tobytes()
