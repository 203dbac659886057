"""The sandbox CRM, piece by piece, without sockets."""
