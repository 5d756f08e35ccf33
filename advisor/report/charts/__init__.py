"""The paper's ten figures for any board: what each shows, and how it is drawn.

`board_data` reads a board, `accuracy`, `batches` and `relations` say what the figures show of it
(`figure` holds the words for that), `palette` and `labels` say in which colours and where the names
stand. These need no plotting library. `drawing`, `bars`, `curves` and `scatter` turn figures into
pictures with Altair; nothing else here imports it.
"""
