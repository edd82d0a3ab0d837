"""Serves the application and the bare insert, by the same gunicorn settings as `./openrapport serve`: one process."""

import os
import sys

from openrapport.commands.serving import Plan, serve

THREADS = 16  # what `./openrapport serve` begins with


def main() -> None:
    import django

    django.setup()
    serve(
        Plan(
            host="127.0.0.1",
            port=int(sys.argv[1]),
            threads=THREADS,
            processes=1,
            with_worker=False,
            health_host="127.0.0.1",
            when_ready=lambda: print("ready", flush=True),
        )
    )


if __name__ == "__main__":
    assert os.environ["DJANGO_SETTINGS_MODULE"] == "benchmarks.bare_settings"
    main()
