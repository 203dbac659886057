"""The release gate: attacks on the firewall."""
