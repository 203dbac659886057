"""What `make bench` runs: each figure beside a peer, from the same run."""
