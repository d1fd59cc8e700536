"""The common parts of both Flask APIs: request ids, guards, strict parsing, problem details, health, metrics, OpenAPI.

`app.make_app` puts it together; routes use `guards`, `parsing` and `etags`. It knows no messages.
"""
