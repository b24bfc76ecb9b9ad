from __future__ import annotations

import pytest

from cloudlet.services.dynamodb.ion_text import ion_line


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"PK": {"S": "x"}, "SK": {"S": "y"}}, '{PK:"x",SK:"y"}'),
        ({"n": {"N": "103"}}, "{n:103.}"),
        ({"n": {"N": "600"}}, "{n:6d2}"),
        ({"n": {"N": "-1.50"}}, "{n:-1.5}"),
        ({"n": {"N": "0.0000001"}}, "{n:1d-7}"),
        (
            {"n": {"N": "12345678901234567890123456789012345678"}},
            "{n:12345678901234567890123456789012345678.}",
        ),
        (
            {"b": {"B": b"\x00\xff"}, "no": {"NULL": True}, "yes": {"BOOL": True}},
            "{b:{{AP8=}},no:null,yes:true}",
        ),
        ({"s": {"SS": ["a"]}, "n": {"NS": ["0"]}, "b": {"BS": [b""]}}, None),
        ({"l": {"L": [{"M": {"x": {"BOOL": False}}}]}}, "{l:[{x:false}]}"),
        ({'it\'s "1"': {"S": '"\n\u00e9'}}, '{\'it\\\'s "1"\':"\\"\\n\u00e9"}'),
        (
            {"null": {"S": ""}, "$1": {"S": ""}, "1": {"S": ""}, "a-b": {"S": ""}},
            "{'null':\"\",'$1':\"\",'1':\"\",'a-b':\"\"}",
        ),
    ],
)
def test_items_are_written_as_dynamodb_writes_ion(item, text):
    text = text or '{s:$dynamodb_SS::["a"],n:$dynamodb_NS::[0.],b:$dynamodb_BS::[{{}}]}'
    assert ion_line(item).decode() == f"$ion_1_0 {{Item:{text}}}\n"
