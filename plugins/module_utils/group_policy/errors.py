# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the parts of the module samba_gpo raise."""

from __future__ import annotations


class RefusedError(Exception):
    """What can't be done; the text says why and what to do instead."""
