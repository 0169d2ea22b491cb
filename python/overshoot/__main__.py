"""``python -m overshoot`` is the ``overshoot`` command."""

from overshoot.cli import main

main()
