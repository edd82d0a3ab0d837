"""`{% load components %}`: every tag of the design system. How to call each: docs/design-system.md."""

from django import template

from openrapport.web.components.tags import actions, charts, fields, lists, page, panels

register = template.Library()

for part in (actions, charts, fields, lists, page, panels):
    register.tags.update(part.register.tags)
    register.filters.update(part.register.filters)
