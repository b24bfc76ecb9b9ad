"""DynamoDB Streams: what changed in a table's items, record by record, for a day.

Its rows are written with the items, by the state package of DynamoDB; its API is a service of its own, whose
manifest stands beside DynamoDB's.
"""
