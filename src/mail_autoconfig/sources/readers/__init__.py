"""A module for each type of source: it asks, and gives rows as they came."""
