"""The tags, by kind; `templatetags/components.py` gathers them into one library."""
