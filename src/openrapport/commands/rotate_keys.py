"""`rotate-keys`: everything that is encrypted, written again under the newest key, while the practice works."""

import argparse

from openrapport.commands.configuration import add_data_argument, load_environment, require_database, start_django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Writes every encrypted text again under the first key of OPENRAPPORT_ENCRYPTION_KEYS. Put the new key in "
        "front of the older ones and restart the server before: it must be able to read what is written. "
        "A run that was broken off is simply begun again."
    )
    add_data_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 when every text is under the newest key now; 1 when some open with no key, or an older one is still in use."""
    load_environment(arguments.data)
    start_django()
    require_database()
    from django.conf import settings
    from django.utils import timezone

    from openrapport.audit.actor import Actor
    from openrapport.commands.readiness import require_ready
    from openrapport.workflows.rotate_keys import rotate_keys

    require_ready()
    older = len(settings.ENCRYPTION_KEYS) - 1
    print(f"{older} older {'key' if older == 1 else 'keys'} in OPENRAPPORT_ENCRYPTION_KEYS; the first key writes.")

    def say(what: str, seen: int, of: int) -> None:
        print(f"  {what}: {seen} of {of}", flush=True)

    turned = rotate_keys(actor=Actor.system("rotate-keys"), now=timezone.now(), say=say)
    print(f"{turned.seen} texts looked at, {turned.rewritten} written again under the newest key.")
    if turned.unreadable:
        print(f"{turned.unreadable} texts open with none of the keys. Put the older key back and run this again.")
        return 1
    if turned.late:
        print(f"{turned.late} texts came under an older key meanwhile: something still runs with the earlier settings.")
        print("They are written again. Restart the server and every worker, then run this once more.")
        return 1
    if older:
        print("The older keys are not needed by this database any more. Keep them as long as you keep older backups.")
    return 0
