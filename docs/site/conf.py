"""Sphinx's configuration of the web site; docs/website.py makes its sources."""

project = "mailhost.autoconfig"
extensions = ["myst_parser"]
myst_enable_extensions = ["html_image"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = "Set-up of mail clients"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
# Pygments has no lexer for some languages of the fences, such as HAProxy's.
suppress_warnings = ["misc.highlighting_failure"]
