"""The progress bar as a terminal sees it: where the bar stands, what is said behind it, and that nothing is left."""

import os
import pty
import re
import struct
import subprocess
import sys

import pytest

fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")

SCRIPT = """
import time
from dydt import progress
progress.PATIENCE = 0.0
bar = progress.Progress("learning", "iterations")
for k in range(4):
    SAY
    bar(k / 4, k)
    time.sleep(0.12)
bar.close()
"""


def drawn(columns, say=""):
    """What a terminal so wide is sent, without colours, a frame each."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    surroundings = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "", "LINES": ""}
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT.replace("SAY", say or "pass")],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={k: v for k, v in surroundings.items() if v},
    ) as process:
        os.close(theirs)
        sent = b""
        while True:
            try:
                some = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not some:
                break
            sent += some
    os.close(ours)
    assert process.returncode == 0
    text = sent.decode()
    frames = re.split(r"\r\x1b\[2K", text)
    return text, [re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", frame).rstrip("\r\n") for frame in frames]


def test_the_bar_stays_where_it_is_and_goes_when_it_is_done():
    text, frames = drawn(90, 'bar.say(f"misfit {10 ** k}, stage {k}")')
    frames = [frame for frame in frames if "%" in frame]
    assert len(frames) >= 4
    assert len({frame.index("%") for frame in frames}) == 1
    assert any("misfit 100, stage 2" in frame for frame in frames)
    assert all(len(frame) <= 90 for frame in frames)
    assert text.endswith("\x1b[?25h\r\x1b[1A\x1b[2K")  # the cursor is there again, and the line is gone


def test_a_narrow_terminal_cuts_the_words_and_not_the_bar():
    _, frames = drawn(50, 'bar.say("misfit 1.25 × noise, held out 1.5, pieces of 600 samples")')
    said = [frame for frame in frames if "misfit" in frame]
    assert said
    assert all("━" in frame and "%" in frame and len(frame) <= 50 for frame in said)
    assert all("…" in frame for frame in said)


def test_without_words_it_counts():
    _, frames = drawn(80)
    assert any("3 iterations" in frame for frame in frames)
