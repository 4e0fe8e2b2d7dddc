"""Domains from where they live: databases, directories, APIs, files and commands."""
