"""What the hub does in a given time, as ratios of things measured in turn in the same run. `make bench` runs all of it.

questions        fanout  latency  reading  polling  streams  accepting  overload  memory  directory: each has run(bench) -> report.Answer
comparisons      limit (plain INSERT … SELECT)  baseline (Flask routes)
load generators  wrk (closed loop)  open_loop (requests at a rate)
data             seed (directories)  history (years of messages)
the rest         run (command line)  bench (sizes)  hub  report  machine
"""
