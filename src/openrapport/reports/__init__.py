"""Read models: what a page or an export needs to know, gathered from the floors below. Viewer first, no tables."""
