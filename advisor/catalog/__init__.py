"""What is known: architectures, weights, boards, measurements and their sources, as plain files."""
