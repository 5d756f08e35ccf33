"""Ways of treating advisor badly, each a stream of cases; `make torture` takes many, `make test` a few."""
