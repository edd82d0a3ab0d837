"""Every component of the design system on one page, with live examples. Mounted in the demo only."""
