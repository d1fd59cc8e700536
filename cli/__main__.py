"""`python -m cli`: the same as message-hub, where the console script is not at hand."""

from cli.main import main

main()
