"""netproof as a library: what `import analyzer` gives.  Each name is found there, and loaded when it is asked for."""
