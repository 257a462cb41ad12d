"""Starts one emitter's script: `main.py NAME`. Exists so that scripts find one another, and `facts`, under `python -P`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.append(str(HERE.parent))
runpy.run_path(str(HERE / sys.argv[1]), run_name="__main__")
