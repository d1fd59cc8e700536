"""fanout_worker: writes the entries of accepted messages into their recipients' inboxes. Celery, no HTTP.

Consumes   expand, deliver_bulk, sweep
Writes     fanout_batches, inbox_entries, fanout_counters; the lifecycle columns of messages; inflight_targets (delete)
Publishes  expand_message, deliver_batch; beat publishes sweep
Needs      PostgreSQL and Redis. Scales by count: batches are independent, and every task may run twice.
"""
