"""Tables that other tools wrote, one module a format; `imported` makes boards of them."""
