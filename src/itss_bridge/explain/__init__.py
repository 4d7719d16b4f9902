"""What an id, a clause number, a word or a code means: `ids` looks everything up, the others are what it looks in.

Nothing is imported here: a shell that completes a word asks for `words` alone.
"""
