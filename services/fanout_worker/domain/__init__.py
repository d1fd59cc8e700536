"""The rules of the fan-out. Pure: no database, no broker."""
