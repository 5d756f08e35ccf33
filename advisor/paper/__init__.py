"""The paper (arXiv:1605.07678) on any board: its findings, its stated numbers and its ten figures."""
