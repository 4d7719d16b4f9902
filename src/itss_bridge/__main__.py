"""`python -m itss_bridge`."""

from itss_bridge.cli import main

main()
