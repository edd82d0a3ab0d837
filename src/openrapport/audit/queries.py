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
    faults = [fault for chain in Chain.objects.order_by("about").iterator() if (fault := _fault_of(chain)) is not None]
    headless = AuditLine.objects.exclude(about__in=Chain.objects.values("about"))
    for about in headless.order_by("about").values_list("about", flat=True).distinct():
        faults.append(f"chain {about} has lines and no head")
    return faults


def _fault_of(chain: Chain) -> str | None:
    previous, count = "", 0
    for line in AuditLine.objects.filter(about=chain.about).order_by("position").iterator():
        count += 1
        if line.position != count or line.previous_hash != previous or hash_of(line) != line.hash:
            return f"chain {chain.about} breaks at line {count}"
        previous = line.hash
    if (chain.length, chain.last_hash) != (count, previous):
        return f"chain {chain.about} should have {chain.length} lines and has {count}"
    return None
