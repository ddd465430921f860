//! Ways to a target over the network.
