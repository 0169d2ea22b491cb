"""What the gateway answers to, as a table that its routes and its OpenAPI document are made of."""

from overshoot.gateway.openapi.action_operations import ACTION_OPERATIONS
from overshoot.gateway.openapi.console_operations import CONSOLE_OPERATIONS
from overshoot.gateway.openapi.document import document
from overshoot.gateway.openapi.operations import OPERATIONS, Operation
from overshoot.gateway.openapi.picture_operations import PICTURE_OPERATIONS
from overshoot.gateway.openapi.whip_operations import WHIP_OPERATIONS

__all__ = [
    "ACTION_OPERATIONS",
    "CONSOLE_OPERATIONS",
    "OPERATIONS",
    "PICTURE_OPERATIONS",
    "WHIP_OPERATIONS",
    "Operation",
    "document",
]
