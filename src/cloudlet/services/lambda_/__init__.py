"""AWS Lambda: functions, their versions, aliases, layers and policies, and running them in sandboxes."""
