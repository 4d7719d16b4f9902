"""The exporters that can run on this machine: all of them, but for paper where no font has Chinese characters."""

import typst

from itss_bridge.exporters import EXPORTERS
from itss_bridge.exporters.pdf.setting import lacks_chinese

LACKING = lacks_chinese(typst, typst.Fonts())
HERE = [exporter for exporter in EXPORTERS if exporter.suffix != ".pdf" or not LACKING]
