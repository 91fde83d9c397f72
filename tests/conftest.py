"""Property tests draw the same examples each time in continuous integration, and new ones at a desk."""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("repeatable")
