"""Multilevel growth curves: from session scores to fixed effects, variance components and shrunken client estimates."""
