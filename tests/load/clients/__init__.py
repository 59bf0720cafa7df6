"""Programs that call the Portal from outside. They share the machine with it, so they do as little as they can."""
