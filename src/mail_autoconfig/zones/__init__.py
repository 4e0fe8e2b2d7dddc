"""DNS records: which, where they are written, and whether the name servers have them."""
