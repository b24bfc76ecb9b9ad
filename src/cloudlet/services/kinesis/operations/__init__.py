"""The operations of Kinesis Data Streams, a module per noun."""
