"""What backends share that ask a model elsewhere over HTTP."""
