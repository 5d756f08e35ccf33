"""What a new board does with networks that other boards have run, from a handful of measurements."""
