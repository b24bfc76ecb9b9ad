"""SQS: standard and FIFO queues, long polls, dead letters."""
