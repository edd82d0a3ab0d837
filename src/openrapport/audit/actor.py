"""Who did it. Every write asks for one; nobody is a bug."""

from dataclasses import dataclass

from openrapport.people.models import User


class NobodyActed(Exception):
    """A write was attempted without an actor."""


@dataclass(frozen=True)
class Actor:
    """A person, or a named job of the system. `via` says through which door: page, link, kiosk, job."""

    user: User | None
    job: str = ""
    via: str = "page"

    def __post_init__(self) -> None:
        if self.user is None and not self.job:
            raise NobodyActed("An actor is a person or a named job.")

    @classmethod
    def system(cls, job: str) -> "Actor":
        return cls(user=None, job=job, via="job")

    @property
    def label(self) -> str:
        return f"user:{self.user.pk}" if self.user is not None else f"job:{self.job}"
