"""Prove that a deployed server answers what its configuration says.

The standard library alone, so that it runs from any machine.
"""
