"""The API: who asks, what may be answered, and the record of it, in that order.

Five parts, each knowing only those before it:

`runtime.py`   what lives as long as the server: settings, clock, index reader, model, audit log, secrets, grants. A new
               long-lived thing (a Kafka producer, another index's reader) is one more field of `Runtime`, opened in
               `open_runtime`. Tests build one of in-memory parts (tests/support/api/runtime.py).
`sealed.py`    the index as services read it: what decides on a document is open, what it says is not.
`answering.py` what one act shows: decides, opens, redacts, counts, spends hits and records the act.
`session.py`   one request: requester, grounds (purpose and case reference), language, request id, and the runtime. The
               HTTP routes make one from headers (`routes/endpoints.py`); the pages make one themselves, in-process:
               `Session(runtime, requester, parse_grounds(purpose, reference), language="fr")`.
`services/`    the use cases, free of any framework: `async def list_links(session, key, ...) -> Struct`. Only here are
               cases and links read, put through pipeline.access (policy, redaction) and written to the audit. The
               order in every service: `session.require_role(role...)`, `async with session.answer(ActKind.READ, asked)
               as answer`, read under seal, `await answer.weigh(cases)`, `answer.show(...)`,
               and only then return. A service returns msgspec structs or plain dicts of what may be shown, and raises
               a `problems.ProblemError` (NotFoundError, ForbiddenError, UnprocessableError, UnavailableError,
               TooManyRequestsError) for everything that is not an answer.
`routes/`      what turns a request into a call of a service and its result into JSON: `table.py` has a row for each
               operation, which `endpoints.py` makes a route of.

`application.py` puts them together: `create_app(runtime)`. A page in pipeline/web mounts on that same app and calls the
services directly, never over HTTP and never the index.
"""
