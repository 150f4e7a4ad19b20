"""Packs over many clusters and repositories.

orders     the file that lists them
answering  one of them read and asked: a row
running    all of them, by processes of this machine or by a Dask scheduler's workers (the extra `fleet`)
journal    the rows of a run that was interrupted
"""
