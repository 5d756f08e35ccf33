"""The explorer: one page on which one drags the limits and sees what is left.

`document` says what the page may choose from, as numbers, names and formulas; `page` puts it, the
stylesheet and the scripts into one file. The choice itself is made in the page, by the very rule of
`advisor pick`: `formulas.js` evaluates the declarations of `advisor.metrics` as `solve.candidates` does,
`figures.js`, `chance.js`, `ranking.js` and `choose.js` choose as `solve.recommend` does.
"""
