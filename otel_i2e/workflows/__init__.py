"""One module per verb; the only place where rooms meet. Called by cli, web and pytest alike."""
