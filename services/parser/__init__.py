"""Documents in, visible text out. A document is read in a child process of its own: see `sandbox`."""
