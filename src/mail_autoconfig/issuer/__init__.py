"""Certificates on Kubernetes: one pod orders them, and hands them out in Secrets."""
