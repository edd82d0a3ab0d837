"""Crisis help: one page without sign-in, script or database."""
