"""Tests against other people's servers, which `make e2e` builds first."""
