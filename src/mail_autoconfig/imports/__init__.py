"""Makes an inventory from what people already have; a module reads each kind of source."""
