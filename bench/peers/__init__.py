"""The others: each a program `python -m bench.peers.NAME SHAPE ORIGIN FOLDER` that leaves a database in the folder."""
