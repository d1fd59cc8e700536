"""HTTP in, HTTP out: each route reads the request, calls one action, shapes the answer."""
