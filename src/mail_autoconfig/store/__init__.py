"""The domains of sources, and log-in names of mailboxes: one local file that is only read."""
