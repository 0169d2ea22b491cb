"""The two programs of the specification: ``python -m overshoot.demos.action_detector`` and
``python -m overshoot.demos.stream_relay_actions``.
"""
