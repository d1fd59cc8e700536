"""Drills: a whole hub of real processes is put under a stream of messages and under faults, and every promise is checked afterwards.

`make drill` runs them all; docs/reliability.md says what each does. Nothing of the product imports this.
"""
