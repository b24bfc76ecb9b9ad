"""What the server does for its sandboxes: start, limit, feed, freeze, kill, sweep. It never enters one."""
