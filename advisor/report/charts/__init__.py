"""Charts of networks: what each shows, and how it is drawn.

`figure` has what a chart shows, `scales`, `palette` and `labels` say where things stand, in which
colours, and where the names find room. These need no plotting library. `marks`, `bars`, `curves`,
`scatter` and `drawing` turn figures into pictures with Altair; nothing else imports it.
`answer_figures` has what answers show as such figures.
"""
