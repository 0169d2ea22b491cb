"""The specification's Python blocks, letter by letter; `specification` has the rule to run them.

They are the owner's own text, whose indentation was lost where it is kept and is put back here.
"""

from __future__ import annotations

FIRST_EXAMPLE = """\
import asyncio
from overshoot import RealtimeVision, RealtimeVisionConfig

async def main():
    config = RealtimeVisionConfig(
        api_url="https://cluster1.overshoot.ai/api/v0.2",
        api_key="your-api-key",
        prompt="Describe what you see in this video",
        on_result=lambda r: print(f"Result: {r.result}"),
    )
    async with RealtimeVision(config) as vision:
        await asyncio.sleep(60) # Stream for 60 seconds

asyncio.run(main())
"""

ACTION_DETECTOR = """\
import asyncio
from overshoot import ActionDetector

async def main():
    detector = ActionDetector(
        api_url="https://cluster1.overshoot.ai/api/v0.2",
        api_key="your-api-key",
        actions=["waving hand", "thumbs up", "pointing", "clapping"],
        min_confidence=0.6,
        on_action=lambda a: print(f"Detected: {a.action} ({a.confidence:.0%})"),
    )
    # Start real-time detection
    await detector.start()
    await asyncio.sleep(60)
    await detector.stop()
    # Query detected actions
    waves = detector.get_actions(action="waving hand")
    recent = detector.get_actions(last_seconds=10)
    high_conf = detector.get_actions(min_confidence=0.8)
    # Get summary
    print(detector.summary()) # {"waving hand": 5, "thumbs up": 2}
    # Export results
    detector.export("results.json", format="json")
    detector.export("results.csv", format="csv")

asyncio.run(main())
"""

ANALYZE_VIDEO = """\
await detector.analyze_video("path/to/video.mp4")
for action in detector.actions:
    print(f"[{action.timestamp:.1f}s] {action.action} ({action.confidence:.0%})")
"""

ACTION_STORE = """\
from overshoot import ActionStore, DetectedAction

store = ActionStore()
# Add actions
store.add(DetectedAction("waving", timestamp=1.5, frame_number=45, confidence=0.92))
store.add(DetectedAction("thumbs up", timestamp=3.2, frame_number=96, confidence=0.85))
# Query with filters
all_waves = store.get_actions(action="waving")
time_range = store.get_actions(start_time=1.0, end_time=5.0)
high_conf = store.get_actions(min_confidence=0.9)
recent = store.get_actions(last_seconds=10)
# Combine filters
combined = store.get_actions(action="waving", min_confidence=0.8)
# Summary statistics
print(store.summary()) # {"waving": 1, "thumbs up": 1}
print(len(store)) # 2
# Export
store.export_json("actions.json")
store.export_csv("actions.csv")
"""

DETECTED_ACTION = """\
@dataclass
class DetectedAction:
    action: str # Action name (e.g., "waving hand")
    timestamp: float # Seconds from stream start
    frame_number: int # Frame index
    confidence: float # 0.0 to 1.0
    duration: Optional[float] = None
    metadata: dict = {} # Latency info, custom data
"""

STREAM_RELAY = """\
import asyncio
from overshoot import OvershootStreamRelay

async def main():
    relay = OvershootStreamRelay(
        api_url="https://cluster1.overshoot.ai/api/v0.2",
        api_key="your-api-key",
        prompt="Describe what you see",
        on_result=lambda r: print(r["result"]),
    )
    await relay.start()
    # Push frames from your source (RGB24 numpy array)
    relay.push_frame(frame_data, timestamp=time.time())
    await relay.stop()

asyncio.run(main())
"""

RELAY_WITH_STORE = """\
import asyncio
import json
from overshoot import OvershootStreamRelay, ActionStore, DetectedAction

store = ActionStore()

def on_result(result):
    \"""Parse inference results and add to store.\"""
    if result.get("type") != "inference":
        return
    data = json.loads(result["result"])
    for action_data in data.get("detected_actions", []):
        if action_data.get("detected") and action_data.get("confidence", 0) >= 0.6:
            store.add(DetectedAction(
                action=action_data["action"],
                timestamp=result.get("timestamp", 0),
                frame_number=0,
                confidence=action_data["confidence"],
            ))

# Action detection schema
output_schema = {
    "type": "object",
    "properties": {
        "detected_actions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "action": {"type": "string", "enum": ["waving", "thumbs up"]},
                    "confidence": {"type": "number"},
                    "detected": {"type": "boolean"},
                },
                "required": ["action", "confidence", "detected"],
            },
        },
    },
}
relay = OvershootStreamRelay(
    api_url="https://cluster1.overshoot.ai/api/v0.2",
    api_key="your-api-key",
    prompt="Detect waving or thumbs up gestures",
    on_result=on_result,
    output_schema=output_schema,
)
async with relay:
    # Push frames...
    pass
# Query results
print(store.summary())
store.export_json("results.json")
"""

CAMERA_SOURCE = """\
from overshoot import CameraSource

source = CameraSource() # Default camera
source = CameraSource(device_index=1) # Second camera
source = CameraSource(frame_processor=fn) # With preprocessing
"""

VIDEO_FILE_SOURCE = """\
from overshoot import VideoFileSource

source = VideoFileSource(file_path="/path/to/video.mp4")
"""

FRAME_PROCESSOR = """\
import cv2
from datetime import datetime

def add_timestamp(frame):
    timestamp = datetime.now().strftime("%H:%M:%S")
    cv2.putText(frame, timestamp, (10, 30), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 255, 0), 2)
    return frame

source = CameraSource(frame_processor=add_timestamp)
"""

MEDIAPIPE = """\
import cv2
import mediapipe as mp

mp_hands = mp.solutions.hands
mp_draw = mp.solutions.drawing_utils
hands = mp_hands.Hands()

def add_hand_landmarks(frame):
    rgb = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
    results = hands.process(rgb)
    if results.multi_hand_landmarks:
        for hand in results.multi_hand_landmarks:
            mp_draw.draw_landmarks(frame, hand, mp_hands.HAND_CONNECTIONS)
    return frame

source = CameraSource(frame_processor=add_hand_landmarks)
"""

PROCESSING = """\
config = RealtimeVisionConfig(
    # ... required params ...
    processing={
        "sampling_ratio": 0.1, # Frame sampling (0.0-1.0)
        "fps": 30, # Frames per second (1-120)
        "clip_length_seconds": 1.0, # Clip duration (0.1-60.0)
        "delay_seconds": 1.0, # Processing delay (0.0-60.0)
    },
)
"""

OUTPUT_SCHEMA = """\
config = RealtimeVisionConfig(
    # ... required params ...
    output_schema={
        "type": "object",
        "properties": {
            "objects": {
                "type": "array",
                "items": {"type": "string"}
            },
            "count": {"type": "integer"}
        }
    },
)
"""

ERRORS = """\
from overshoot import (
    ApiError,
    ValidationError,
    UnauthorizedError,
    NotFoundError,
    ServerError,
    NetworkError,
)

try:
    async with RealtimeVision(config) as vision:
        await asyncio.sleep(60)
except UnauthorizedError:
    print("Invalid API key")
except ValidationError as e:
    print(f"Invalid configuration: {e.message}")
    print(f"Details: {e.details}")
except NetworkError as e:
    print(f"Connection failed: {e}")
except ApiError as e:
    print(f"API error {e.status_code}: {e.message}")
"""

BLOCKS = {
    "FIRST_EXAMPLE": FIRST_EXAMPLE,
    "ACTION_DETECTOR": ACTION_DETECTOR,
    "ANALYZE_VIDEO": ANALYZE_VIDEO,
    "ACTION_STORE": ACTION_STORE,
    "DETECTED_ACTION": DETECTED_ACTION,
    "STREAM_RELAY": STREAM_RELAY,
    "RELAY_WITH_STORE": RELAY_WITH_STORE,
    "CAMERA_SOURCE": CAMERA_SOURCE,
    "VIDEO_FILE_SOURCE": VIDEO_FILE_SOURCE,
    "FRAME_PROCESSOR": FRAME_PROCESSOR,
    "MEDIAPIPE": MEDIAPIPE,
    "PROCESSING": PROCESSING,
    "OUTPUT_SCHEMA": OUTPUT_SCHEMA,
    "ERRORS": ERRORS,
}
