"""Writes foldin/models.py from the options of the library: a class for each model, with a parameter for each option.

    FOLDIN_LIBRARY=PATH/libfoldin.so python generate_models.py [--check]
"""

import ctypes
import json
import os
import sys
import textwrap

library = ctypes.CDLL(os.environ["FOLDIN_LIBRARY"])
place = ctypes.c_void_p()
assert library.foldin_models(ctypes.byref(place), None) == 0
models = json.loads(ctypes.string_at(place.value))
NAMES = {
    "mult-vae": "MultVAE", "mult-dae": "MultDAE", "rec-vae": "RecVAE", "elsa": "ELSA", "popularity": "Popularity", "item-knn": "ItemKNN",
    "ease": "EASE", "edlae": "EDLAE", "mrf": "MRF", "chebycf": "ChebyCF", "ials": "IALS",
}  # fmt: skip
KEYWORDS = {"lambda": "lambda_"}


def default(option: dict[str, str]) -> tuple[str, str]:
    """The default and the type of a parameter."""
    text, values = option["default"], option["values"]
    if values.startswith("numbers separated by commas"):
        kind = "Sequence[int]" if option["name"].endswith("hidden") else "Sequence[float]"
        if text == "auto":
            return "None", f"{kind} | None"
        return "(" + "".join(f"{part}, " for part in text.split(",")) + ")" if text != "none" else "()", kind
    if text == "auto":
        return "None", "float | str | None"
    try:
        float(text)
    except ValueError:
        return repr(text), "str"
    return (text, "int") if values.startswith("a whole number") else (text, "float | str" if "," in values else "float")


out = ['"""The models. Made by generate_models.py."""', "", "from __future__ import annotations", "", "from collections.abc import Sequence", "",
       "from ._recommender import Recommender", ""]
for model in models:
    options = [option for option in model["options"] if option["name"] != "model"]
    out += ["", f"class {NAMES[model['name']]}(Recommender):", f'    """{model["help"][0].upper()}{model["help"][1:]}.', "", "    Args:"]
    for option in options:
        name = KEYWORDS.get(option["name"], option["name"].replace("-", "_"))
        help_text = option["help"].replace("--", "").replace("\\", "\\\\")
        out += textwrap.wrap(f"{name}: {help_text}", 130, initial_indent=" " * 8, subsequent_indent=" " * 12)
    out += ["        threads: Threads; None for all processors. Results do not depend on it.", "        verbose: Whether progress is shown.",
            '    """', "", f'    family = "{model["name"]}"', "", "    def __init__(", "        self,", "        *,"]
    names = []
    for option in options:
        name = KEYWORDS.get(option["name"], option["name"].replace("-", "_"))
        value, kind = default(option)
        names.append(name)
        out.append(f"        {name}: {kind} = {value},")
    out += ["        threads: int | None = None,", "        verbose: bool = False,", "    ) -> None:"]
    out += [f"        self.{name} = {name}" for name in [*names, "threads", "verbose"]]
    out.append("")
out += ["", "all_models: list[type[Recommender]] = [" + ", ".join(NAMES[model["name"]] for model in models) + "]", ""]
text = "\n".join(out).replace("(600, )", "(600,)")
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "foldin", "models.py")
if "--check" in sys.argv:
    if open(path).read() != text:
        sys.exit(f"{path}: found other models than those of the library; expected the output of generate_models.py")
else:
    open(path, "w").write(text)
