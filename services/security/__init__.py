"""The security log: who came in and who was refused, and who keeps and reads it."""
