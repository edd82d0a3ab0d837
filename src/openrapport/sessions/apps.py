from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "openrapport.sessions"
    label = "therapy_sessions"  # "sessions" belongs to Django's sign-in sessions

    def ready(self) -> None:
        from openrapport.relationships import policy
        from openrapport.sessions import rules
        from openrapport.sessions.models import TherapySession

        policy.declare(TherapySession, rules.THERAPY_SESSION)
