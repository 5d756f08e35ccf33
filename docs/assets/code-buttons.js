/* The theme puts the button of each block of code into a <nav> without a name, of which a page has dozens: no landmarks. */
new MutationObserver(() => {
  for (const each of document.querySelectorAll("nav.md-code__nav:not([role])")) each.setAttribute("role", "presentation");
}).observe(document.documentElement, { childList: true, subtree: true });
