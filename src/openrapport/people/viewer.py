"""Who is looking, and when. Every read begins with one."""

from dataclasses import dataclass
from datetime import datetime

from openrapport.people.models import User


@dataclass(frozen=True)
class Viewer:
    """`user` is None for somebody who has not signed in. `at` is the moment for which access is asked."""

    user: User | None
    at: datetime

    @property
    def is_somebody(self) -> bool:
        return self.user is not None and self.user.is_active
