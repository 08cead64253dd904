"""Pure rules: no file, socket or clock is read here; every time and every state is passed in."""
