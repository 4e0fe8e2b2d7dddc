# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The parts of the module samba_gpo; what touches Samba is in ``domain`` and ``policy``."""
