"""The language that scripted bots are written in: `grammar` reads it, `match` understands with it, `speech` answers."""
