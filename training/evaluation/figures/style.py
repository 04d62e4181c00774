"""Size, colours and font sizes that all figures have."""

from collections.abc import Mapping
from typing import Any

from training.evaluation.reference import REFERENCE_SETS

WIDTH = 8.3  # inch; at 150 dots an inch 1245 pixels, shown at two thirds
DOTS = 150
STAGES = ("stage1", "stage2", "stage3")
BLUE, RED = "#1f6fb4", "#d1542b"
HUES = (BLUE, RED, "#555555", "#4a8f3c", "#7a5aa6", "#b08c2a")
COLOURS: Mapping[str, str] = dict(zip(REFERENCE_SETS, HUES, strict=True))
STYLE: dict[str, Any] = {
    "font.size": 9,
    "axes.titlesize": 9.5,
    "legend.fontsize": 8,
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
}
