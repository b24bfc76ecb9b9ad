"""SNS: topics, subscriptions of queues, functions and web servers, filter policies, dead letters."""
