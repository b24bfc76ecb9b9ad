"""JSONPath in Jayway's dialect, as `$input.json`, `$input.path` and parameter mappings use it on AWS.

Must not know templates or requests: a path and a document in, a value out.
"""
