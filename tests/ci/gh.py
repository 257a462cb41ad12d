"""A stand-in for `gh api`: the comments of one pull request are a JSON file beside it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

comments = Path(sys.argv[1])
arguments = sys.argv[2:]
kept: list[str] = json.loads(comments.read_text(encoding="utf-8")) if comments.exists() else []
body = next((Path(one.removeprefix("body=@")).read_text("utf-8") for one in arguments if one.startswith("body=@")), "")
if "--jq" in arguments:
    marker = arguments[arguments.index("--jq") + 1].split('startswith("')[1].split('")')[0]
    print("\n".join(str(number) for number, text in enumerate(kept) if text.startswith(marker)))
elif "PATCH" in arguments:
    kept[int(arguments[arguments.index("PATCH") + 1].rpartition("/")[2])] = body
else:
    kept.append(body)
comments.write_text(json.dumps(kept), encoding="utf-8")
