from django.apps import AppConfig


class SignalsConfig(AppConfig):
    name = "openrapport.signals"
    label = "signals"

    def ready(self) -> None:
        from openrapport.relationships import policy
        from openrapport.signals import access
        from openrapport.signals.models import Signal, SignalEvent

        policy.declare(Signal, access.SIGNAL)
        policy.declare(SignalEvent, access.SIGNAL_EVENT)
