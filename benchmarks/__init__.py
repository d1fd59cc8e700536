"""What the hub does in a given time, as ratios of things measured in the same run. `make bench` runs all of it."""
