"""Official clients against the sandbox, over real sockets."""
