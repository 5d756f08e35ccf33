"""What a few hundred questions were answered before the code was rearranged, to hold it to that."""
