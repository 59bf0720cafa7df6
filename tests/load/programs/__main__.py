import importlib
import sys

import django

from tests.load import program

if __name__ == "__main__":
    django.setup()
    program.main(importlib.import_module(f"tests.load.programs.{sys.argv[1]}").work)
