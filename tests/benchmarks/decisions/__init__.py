"""How good are the decisions on a new board, after a handful of measurements?"""
