"""Who may come in: accounts, sessions, tokens, and what they may do."""
