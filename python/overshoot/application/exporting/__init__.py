"""Actions as files for other programs, and back: JSON, JSON Lines, CSV, captions, adapters' own."""

from overshoot.application.exporting.captions import CAPTION_SECONDS
from overshoot.application.exporting.files import MakeFormats, export, export_text, import_actions

__all__ = ["CAPTION_SECONDS", "MakeFormats", "export", "export_text", "import_actions"]
