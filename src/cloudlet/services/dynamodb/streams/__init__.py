"""DynamoDB Streams: what changed in a table's items, record by record, for a day.

Records are written with the items, by DynamoDB's state package, which imports the model from here: so this
file must import nothing.
"""
