"""The specification's tables, letter by letter: cells end with a bar, and rows with a line."""

from __future__ import annotations

COMPONENTS = """\
RealtimeVision |
Stream from local camera/video to Overshoot |
OvershootStreamRelay |
Relay frames from external sources to Overshoot |
ActionDetector |
High-level action detection with storage |
ActionStore |
Thread-safe storage for detected actions |
OvershootHttpClient |
Low-level HTTP client |
"""

CONFIGURATION = """\
api_url |
str |
Yes | API endpoint URL |
api_key |
str |
Yes | Your API key |
prompt |
str |
Yes | AI prompt for video analysis |
on_result |
Callable |
Yes | Callback for inference results |
source |
StreamSource |
No | Video source (camera or file) |
backend |
str |
No | "overshoot" or "gemini" |
model |
str |
No | Model name |
output_schema |
dict |
No | JSON schema for structured output |
on_error |
Callable |
No | Error callback |
processing |
dict |
No | Processing parameters |
debug |
bool |
No | Enable debug logging |
"""

RELAY_PARAMETERS = """\
api_url |
str |
Required | API endpoint URL |
api_key |
str |
Required | Your API key |
prompt |
str |
Required | AI prompt |
on_result |
Callable |
Required | Result callback |
on_error |
Callable |
None | Error callback |
model |
str |
"gemini-2.0-flash" |
Model name |
backend |
str |
"gemini" |
Backend name |
output_schema |
dict |
None | JSON schema for structured output |
width |
int |
640 | Frame width |
height |
int |
480 | Frame height |
fps |
int |
15 | Frames per second |
sampling_ratio |
float |
0.8 | Frame sampling ratio |
clip_length_seconds |
float |
0.5 | Clip duration |
delay_seconds |
float |
0.5 | Processing delay |
"""

VISION_METHODS = """\
start() |
Start the video stream |
stop() |
Stop the stream and release resources |
update_prompt(prompt) |
Update the AI prompt |
submit_feedback(rating, category, feedback) |
Submit feedback |
get_stream_id() |
Get current stream ID |
is_active() |
Check if stream is running |
"""

DETECTOR_METHODS = """\
start() |
Start real-time detection from camera |
stop() |
Stop detection |
analyze_video(path) |
Analyze a video file |
get_actions(**filters) |
Query detected actions |
summary() |
Get action counts by type |
export(path, format) |
Export to JSON or CSV |
clear() |
Clear stored actions |
"""

STORE_METHODS = """\
add(action) |
Add a detected action |
add_many(actions) |
Add multiple actions |
get_actions(**filters) |
Query with filters |
summary() |
Get counts by action type |
export_json(path) |
Export to JSON |
export_csv(path) |
Export to CSV |
clear() |
Remove all actions |
"""

RELAY_METHODS = """\
start() |
Start the relay |
stop() |
Stop and release resources |
push_frame(frame, timestamp) |
Push a frame to stream |
update_prompt(prompt) |
Update the AI prompt |
"""

TABLES = {
    "COMPONENTS": COMPONENTS,
    "CONFIGURATION": CONFIGURATION,
    "RELAY_PARAMETERS": RELAY_PARAMETERS,
    "VISION_METHODS": VISION_METHODS,
    "DETECTOR_METHODS": DETECTOR_METHODS,
    "STORE_METHODS": STORE_METHODS,
    "RELAY_METHODS": RELAY_METHODS,
}


def rows(table: str, columns: int) -> list[tuple[str, ...]]:
    """The cells of a table, row by row."""
    cells = [cell.strip() for cell in table.replace("\n", " ").replace(" | ", " |").split(" |")]
    assert len(cells[:-1]) % columns == 0
    return [tuple(cells[at : at + columns]) for at in range(0, len(cells) - 1, columns)]
