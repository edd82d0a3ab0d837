"""The design system: every button, card, field and chart of the web application, once."""
