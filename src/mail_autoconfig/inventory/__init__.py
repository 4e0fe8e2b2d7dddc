"""What a user writes, checked and resolved: raw mappings -> `model.Configuration`."""
