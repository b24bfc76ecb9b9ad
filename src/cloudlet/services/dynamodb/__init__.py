"""DynamoDB: tables with secondary indexes, items, expressions, queries, batches and transactions."""
