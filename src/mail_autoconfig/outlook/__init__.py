"""The registry values that let classic Outlook ask, and the files that set them."""
