"""What was not measured: models fitted to what was, with intervals from what they did not see."""
