"""The processes of ``flask serve``: how connections come in, are answered and go."""
