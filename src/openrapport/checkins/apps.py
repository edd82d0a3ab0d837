from django.apps import AppConfig


class CheckInsConfig(AppConfig):
    name = "openrapport.checkins"
    label = "checkins"

    def ready(self) -> None:
        from openrapport.checkins import rules
        from openrapport.checkins.models import Answer, CheckIn, Drawing, Score
        from openrapport.relationships import policy

        policy.declare(CheckIn, rules.CHECK_IN)
        policy.declare(Answer, rules.ANSWER)
        policy.declare(Drawing, rules.DRAWING)
        policy.declare(Score, rules.SCORE)
