"""The explorer: one page on which one drags the limits and sees what is left.

`choice` says what the page may choose from, `document` writes that down as numbers and names, `page`
puts them, the stylesheet and the scripts into one file. The choice itself is made in the page, by the
very rule of `advisor pick`: `figures.js`, `confidence.js`, `ranking.js` and `choose.js` are the twins of
`solve.metrics`, `solve.confidence`, `solve.ranking` and `solve.recommend`, and know nothing of a page.
"""
