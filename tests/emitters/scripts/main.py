"""Starts one emitter's script: `main.py NAME`. Exists so that scripts find one another under `python -P`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
runpy.run_path(str(Path(__file__).parent / sys.argv[1]), run_name="__main__")
