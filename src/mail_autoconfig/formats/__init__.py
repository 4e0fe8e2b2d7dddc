"""The documents that clients read: their words and paths, and one reader for each."""
