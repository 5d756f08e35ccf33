"""Measuring a board: plan, isolate, time, meter, keep. Needs the extra `measure`."""
