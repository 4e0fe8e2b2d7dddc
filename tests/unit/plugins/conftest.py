from __future__ import annotations

from pathlib import Path

from ansible.plugins.loader import init_plugin_loader

# Plugins are imported as Ansible imports them: by the name of the collection.
init_plugin_loader([str(Path(__file__).parents[3] / "collections")])
