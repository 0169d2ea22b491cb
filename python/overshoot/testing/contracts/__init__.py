"""What the ports promise, as test classes: derive one for each adapter of your own.

::

    from overshoot.testing.contracts import MakeStore, StoreContract

    class TestMyStore(StoreContract):
        @pytest.fixture
        def make_store(self) -> MakeStore:
            return lambda clock: MyStore(clock)

Each class says which fixtures or attributes it needs. They want pytest-asyncio with
``asyncio_mode = "auto"``, and Hypothesis.
"""

from overshoot.testing.contracts.action_format import ActionFormatContract
from overshoot.testing.contracts.durable_store import (
    DurableStoreContract,
    DurableStoreMachine,
    OpenAgain,
)
from overshoot.testing.contracts.evidence import ClipRecorderContract, MakeRecorder
from overshoot.testing.contracts.inference import InferenceBackendContract
from overshoot.testing.contracts.source import MakeSource, SourceContract
from overshoot.testing.contracts.store import MakeStore, StoreContract
from overshoot.testing.contracts.store_machine import StoreMachine, machine_settings
from overshoot.testing.contracts.transport import (
    GatewayHarness,
    GatewayTransportContract,
    Harness,
    TransportContract,
)

__all__ = [
    "ActionFormatContract",
    "ClipRecorderContract",
    "DurableStoreContract",
    "DurableStoreMachine",
    "GatewayHarness",
    "GatewayTransportContract",
    "Harness",
    "InferenceBackendContract",
    "MakeRecorder",
    "MakeSource",
    "MakeStore",
    "OpenAgain",
    "SourceContract",
    "StoreContract",
    "StoreMachine",
    "TransportContract",
    "machine_settings",
]
