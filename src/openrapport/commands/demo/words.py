"""What the invented people wrote under "one thing to do differently". Plainly made up, and kind to read."""

from typing import Literal

Moment = Literal["start", "good", "drop", "after", "drift", "perfect"]

WORDS: dict[str, dict[Moment, tuple[str, ...]]] = {
    "en": {
        "start": (
            "I was nervous. It helped when you said we could go slowly.",
            "Maybe tell me at the start what we will do today, so I know where we are going.",
            "I did not know how much to say. A few more questions would make it easier.",
            "The room was a little cold, otherwise I was fine.",
        ),
        "good": (
            "Keep asking what I would like to start with. That was good.",
            "A minute of quiet at the end, before I go back out, would be nice.",
            "More about the plan for my mornings, it really works.",
            "Could we write down the next step together? I forget it by the evening.",
            "I liked that we laughed. Nothing to change.",
            "Remind me next time of what I said about my sister, I want to come back to it.",
            "Ten minutes less about last week and ten more about what comes next.",
        ),
        "drop": (
            "When I talked about my brother it felt as if we moved on very fast. I would have liked to stay there.",
            "I felt a bit told off about the homework. I had really tried.",
            "I said it did not fit for me, and we did it anyway. I would like us to talk about that.",
            "I left feeling that I had explained it badly. Maybe ask me what I mean before you answer.",
        ),
        "after": (
            "Thank you for coming back to last time. I did not expect that, and it changed a lot.",
            "It was good to hear that you had noticed it too.",
            "I can say now when it goes too fast. Please ask me again sometimes.",
        ),
        "drift": (
            "I am not sure what we are working on at the moment.",
            "We have been talking about the same thing for a while. What is the plan?",
            "I nearly cancelled today. I would like to talk about whether this still helps.",
        ),
        "perfect": ("Everything was perfect, thank you.", "Nothing at all, you are wonderful.", "All good as always."),
    },
    "es": {
        "start": (
            "Al principio me costó hablar. Me ayudó que no hubiera prisa.",
            "Me gustaría saber al empezar qué vamos a hacer ese día.",
        ),
        "good": (
            "Me sirvió hacer el dibujo de mi semana. Podríamos repetirlo.",
            "Acabar con un resumen corto me vendría bien.",
            "Nada que cambiar, me fui con una idea clara.",
            "Un poco más de tiempo para hablar del trabajo.",
        ),
        "drop": (
            "Cuando conté lo de mi padre sentí que pasamos a otra cosa muy rápido.",
            "Me quedé con la impresión de que no me expliqué bien. Pregúntame antes de responder.",
        ),
        "after": (
            "Gracias por volver a lo de la otra vez. Me hizo mucho bien.",
            "Ahora sé que puedo decirlo cuando algo no me encaja.",
        ),
        "drift": (
            "No tengo claro en qué estamos trabajando ahora.",
            "Me gustaría hablar de si esto me sigue ayudando.",
        ),
        "perfect": ("Todo perfecto, muchas gracias.",),
    },
    "teen": {
        "start": ("It was ok. Less questions about school maybe.", "I liked that I could choose what we talk about."),
        "good": (
            "Playing cards while talking is way easier.",
            "More of the music thing.",
            "Nothing, it was good.",
            "Could we start with how my week was and not with the list?",
        ),
        "drop": ("It felt like you were on my parents' side.", "I said one thing and you told me three."),
        "after": ("It was fair that you said sorry.", "Better. You asked me first this time."),
        "drift": ("Do we have to do this every week?",),
        "perfect": ("all good",),
    },
    "child": {
        "start": ("I want to play the animal game.",),
        "good": ("More drawing!", "Can the puppet come again?", "I liked the big cushion."),
        "drop": ("It was too long.",),
        "after": ("We played again.",),
        "drift": ("It was boring.",),
        "perfect": ("Good.",),
    },
    "guardian": {
        "start": ("Could you tell us roughly how long it takes until a child settles in?",),
        "good": (
            "A short word at the door about what we can do at home would help.",
            "We saw more calm this week, thank you.",
            "I would like to understand better what the games are for.",
        ),
        "drop": ("We were not sure what to say when they did not want to come.",),
        "after": ("It helped that you called us.",),
        "drift": ("We would like to know what the plan is.",),
        "perfect": ("All fine.",),
    },
}

THERAPIST_WORDS: dict[Moment, tuple[str, ...]] = {
    "start": ("Go slower with the questions; leave room at the end.",),
    "good": ("Keep the agenda shared.", "Ask about the week before anything else.", "Name the small win."),
    "drop": ("I moved on too fast. Begin there next time, and say so.",),
    "after": ("Check again in two sessions how it is between us.",),
    "drift": ("Ask what would make this worth the hour.", "Look at the goals together again."),
    "perfect": ("Ask what was least helpful, and thank for any answer.",),
}

REASONS = {
    "resolved": (
        "We talked about it at the start of the session. We agreed to slow down, and it has come back since.",
        "I asked, and it was about the homework. We changed how we plan it.",
        "It was a hard week outside. We said what each of us can do when that happens again.",
    ),
    "dismissed": ("A new medicine that week; the answers were about tiredness, not about us.",),
    "talked_about": (
        "I brought up the last check-in and asked what it was like. A good conversation.",
        "I said that I had moved on too fast, and asked what was missing.",
    ),
}
