"""Tell when a brand is talked about in another way than usual, and why.

Pure: counts, items and `now` go in, changes of episodes and their reasons come
out. Nothing here reads a store or a clock.
"""
