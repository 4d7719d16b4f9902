"""For all tests of the repository: where many look at one result, a search for new cases must not be luck."""

import os

from hypothesis import settings

settings.register_profile("reproducible", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("reproducible")
