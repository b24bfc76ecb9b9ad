"""Amazon EventBridge: event buses, rules with patterns and schedules, and their targets."""
