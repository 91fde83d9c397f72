"""Pictures of results, with matplotlib. They read results and compute nothing else.

Nothing here touches pyplot or the settings of whoever calls: a picture carries its own style, and is shown by
notebooks or written to a file.
"""

from dydt.plotting.explained import explained
from dydt.plotting.fan import fan
from dydt.plotting.phase import phase
from dydt.plotting.picture import Picture, save
from dydt.plotting.series import time_series
from dydt.plotting.style import DARK, LIGHT, Theme

__all__ = ["DARK", "LIGHT", "Picture", "Theme", "explained", "fan", "phase", "save", "time_series"]
