"""What the hub does in a given time, as ratios of things measured in turn in the same run. `make bench` runs all of it.

questions     fanout  bell  behind  steady  polling  accepting  memory  directory: each has run(bench) -> report.Answer
compared with limit (bare INSERTs)  naive, naive_worker (what people build first)  baseline (Flask routes)
to measure    hub (the real thing)  seed, history, directory_files (what is in it)  traffic, wrk, compared (what loads it)
              explain, processes (what it costs)
run           the command line; bench (sizes, and what questions are given)  report, figures, machine (what is kept)
"""
