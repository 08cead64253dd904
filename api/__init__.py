"""The other edges: feeds, JSON, the live stream, sign-in, health."""
