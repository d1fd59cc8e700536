"""fanout_worker: brings accepted messages to their recipients. Celery, no HTTP.

Consumes   expand, deliver_bulk, sweep
Writes     fanout_batches, inbox_entries, fanout_counters; the lifecycle columns of messages; inflight_targets (delete)
Publishes  expand_message, deliver_batch; beat publishes sweep
Needs      PostgreSQL and Redis. Scales by count: batches are independent, and every task may run twice.
"""
