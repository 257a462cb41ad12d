"""The demo's material: a small project in `project/`, and `model`, which stands in for Claude without a key."""

from __future__ import annotations
