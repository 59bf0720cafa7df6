"""How much can be said at once, through whatever door (3-api.md, "Errors": limits). Lengths are in characters."""

LONGEST_TEXT = 8000
LONGEST_EVENT = 100  # the name of one
LONGEST_CLIENT_ID = 64
LONGEST_USER_ID = 200
LONGEST_REASON = 500
LARGEST_PAYLOAD = 16_384  # as JSON
LONGEST_VARIABLE = 100  # the name of one
