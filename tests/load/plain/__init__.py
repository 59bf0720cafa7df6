"""The yardstick: a chat back end in plain Django, the way one would write it without thinking.

What Django offers for nothing it has: an asynchronous view, a connection pool, the server the Portal runs on.
"""
