"""Read models: what a page or an export needs to know, gathered from the floors below, viewer first.

One table: the growth fits of a practice, which the worker makes and pages read.
"""
