"""Floor 0: what scores mean. NumPy, SciPy and the standard library only; no web, no clock, no unseeded randomness.

Import from the modules (`openrapport.analysis.scoring`, `.rupture`, ...): this one stays empty and starts at once.
"""

# Stored beside every score: a score can always be traced to the code that made it. Raise it when a number would change.
LIBRARY_VERSION = "1"
