"""Ask as each client asks, say what is wrong and what to do.

Needs the extra `doctor`; the responder never imports this package.
"""
