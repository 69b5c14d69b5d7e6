"""What tests share, by the part of the pipeline that it stands in for or drives: nothing in here is a test.

    absences        what a host or a lonely clone has not, and what brings it back
    access          the disclosure rules a second time, in Cedar
    api             the API over in-memory parts, in this process or served by one of its own
    cluster         three brokers and three Elasticsearch nodes, faults and the traffic meanwhile
    convergence     a small world of logs, workers and crashes around the pure core
    correlation     key rings
    feeds           a pusher that kills itself
    identity        an OpenID Connect issuer and provider
    index           Elasticsearch in memory, one that asks who one is, and real documents to fill it with
    installation    a whole installation on the real engines, its processes and what they may suffer
    kafka           brokers, proxies and record batches made by hand
    late_requests   a network that delays, repeats and reorders requests of transactions
    matching        generated entities
    no_leak         generated indices, decisions and requests for the no-leak law
    processes       processes that begin with their imports done
    records         the example record, signed and generated ones
    streams         a stage that echoes
    transparency    an audit log in memory
    web             pages without a browser, and in one

Modules that are run as processes are named `..._process` (and `identity.issuer`, `identity.provider`); start them by
`support.processes.starting`.
"""
