"""Pages for when something does not work, and for when there is no connection."""
