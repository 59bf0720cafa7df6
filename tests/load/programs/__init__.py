"""Programs that work in the Portal's own code, each in a process of its own."""
