"""Autodiscover and Autoconfig answers for one's own mail domains."""

__version__ = "0.1.0"
