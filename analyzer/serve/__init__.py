"""netproof beside a cluster that runs: a gate for its changes, answers over HTTP, a page of how it stands.

    api_server   GETs of the cluster's API, by the `kubernetes` client
    resources    which of its resources matter, and under which version they are read
    following    one thread for each: list, then watch, and again when a watch is lost
    state        the objects, the verdicts on them, and on them as a change would make them
    gate         an AdmissionReview in, its answer out
    memory       what nothing uses any longer, given back
    asking       check, explain and map over HTTP
    app          the routes
    running      uvicorn with certificates that are read anew, and the end of it

Nothing below this room imports it, and no other command loads what it needs (the extra `serve`).
"""
