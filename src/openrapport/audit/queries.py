"""Reading the audit log, and asking whether it is whole."""

from django.db.models import QuerySet

from openrapport.audit.actions import hash_of
from openrapport.audit.models import AuditLine, Chain
from openrapport.people.viewer import Viewer


def readings_of_own_record(viewer: Viewer) -> QuerySet[AuditLine]:
    """Who looked at what the viewer wrote; the viewer's own looking is left out."""
    if not viewer.is_somebody:
        return AuditLine.objects.none()
    lines = AuditLine.objects.filter(subject=viewer.user, deed__startswith="read_").exclude(actor_user=viewer.user)
    return lines.select_related("actor_user").order_by("-at")


def own_actions(viewer: Viewer) -> QuerySet[AuditLine]:
    if not viewer.is_somebody:
        return AuditLine.objects.none()
    return AuditLine.objects.filter(actor_user=viewer.user).order_by("-at")


def broken_chains() -> list[str]:
    """One sentence for each chain that does not hold. For `doctor`: it reads hashes, not content."""
    faults = []
    for chain in Chain.objects.iterator():
        previous, count = "", 0
        for line in AuditLine.objects.filter(about=chain.about).order_by("position").iterator():
            count += 1
            if line.position != count or line.previous_hash != previous or hash_of(line) != line.hash:
                faults.append(f"chain {chain.about} breaks at line {count}")
                break
            previous = line.hash
        else:
            if (chain.length, chain.last_hash) != (count, previous):
                faults.append(f"chain {chain.about} should have {chain.length} lines and has {count}")
    return faults
