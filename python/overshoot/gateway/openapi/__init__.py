"""What the gateway answers to, as a table that its routes and its OpenAPI document are made of."""

from overshoot.gateway.openapi.document import document
from overshoot.gateway.openapi.operations import OPERATIONS, Operation

__all__ = ["OPERATIONS", "Operation", "document"]
