import importlib
import sys

from tests.load import program

if __name__ == "__main__":
    program.main(importlib.import_module(f"tests.load.clients.{sys.argv[1]}").work)
