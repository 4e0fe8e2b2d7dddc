"""What clients get: pure functions, `model -> bytes`."""
