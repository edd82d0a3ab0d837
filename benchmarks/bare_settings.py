"""The real settings, with one more address: the bare insert that a check-in is compared with."""

from openrapport.config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare_urls"
