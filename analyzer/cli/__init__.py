"""The command line: options in, exit code out.  Commands load heavy modules when they run, so `--help` stays quick."""
