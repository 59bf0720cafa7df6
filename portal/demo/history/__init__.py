"""The week before the demo began: who came when, what they said, how it ended."""
