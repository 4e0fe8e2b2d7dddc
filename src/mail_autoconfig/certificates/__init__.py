"""Certificates: which names share one, orders, renewals, and their way to other front ends."""
