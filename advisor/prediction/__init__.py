"""What was not measured: laws fitted to what was, with intervals from what they did not see."""
