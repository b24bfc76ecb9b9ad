"""What somebody tries from inside a function against Lambda itself, and with what is uploaded."""

from __future__ import annotations

import io
import stat
import zipfile

import pytest
from lambda_functions import invoke, make_function, make_role

from cloud_functions import WRITE_LOGS
from refusals import refusal

BROKEN = (
    "InvalidParameterValueException",
    "Could not unzip uploaded file. Please check your file, then try to upload again.",
)


def zip_with(*entries):
    """A zip of (name, content, mode) as they are given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["../evil.py", "a/../../evil.py", "/etc/evil.py", "..\\evil.py"])
def test_name_that_leads_out_of_the_folder_is_refused(functions, role, name):
    code = zip_with(("index.py", "x", stat.S_IFREG | 0o644), (name, "x", stat.S_IFREG | 0o644))
    assert (
        refusal(
            functions.create_function,
            FunctionName="function",
            Runtime="python3.12",
            Handler="index.handler",
            Role=role,
            Code={"ZipFile": code},
        )
        == BROKEN
    )


def test_zip_that_grows_without_end_is_refused(functions, role):
    code = zip_with(("index.py", bytes(300 << 20), stat.S_IFREG | 0o644))
    assert len(code) < 1 << 20
    error = refusal(
        functions.create_function,
        FunctionName="function",
        Runtime="python3.12",
        Handler="index.handler",
        Role=role,
        Code={"ZipFile": code},
    )
    assert error[0] == "InvalidParameterValueException"
    assert "262144000" in error[1]


def test_links_and_set_user_id_programs_in_a_zip_give_nothing(functions, role):
    source = (
        "import os, stat, subprocess\n"
        "def handler(event, context):\n"
        "    shown = []\n"
        "    for name in ('shadow', 'root', 'work'):\n"
        "        try:\n"
        "            path = f'/var/task/{name}'\n"
        "            shown.append(os.listdir(path) if os.path.isdir(path) else open(path).read())\n"
        "        except OSError as error:\n"
        "            shown.append(error.errno)\n"
        "    mode = os.stat('/var/task/suid').st_mode\n"
        "    done = subprocess.run(['/var/task/suid'], capture_output=True, text=True)\n"
        "    same = done.stdout.strip() == str(os.getuid())\n"
        "    return [shown, bool(mode & (stat.S_ISUID | stat.S_ISGID)), same]\n"
    )
    link = stat.S_IFLNK | 0o777
    code = zip_with(
        ("index.py", source, stat.S_IFREG | 0o644),
        ("shadow", "/etc/shadow", link),
        ("root", "/root", link),
        ("work", "/.host/work", link),
        ("suid", "#!/bin/sh\nid -u\n", stat.S_IFREG | 0o6755),
    )
    make_function(functions, role, Code={"ZipFile": code})
    shown, has_bits, is_itself = invoke(functions)
    assert shown == [2, [], 2]
    assert (has_bits, is_itself) == (False, True)


def test_function_cannot_answer_for_another(functions, role):
    source = (
        "import http.client, os\n"
        "def handler(event, context):\n"
        "    api = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])\n"
        "    results = []\n"
        "    for request_id in (event, '..', 'x' * 5000, ''):\n"
        "        for kind in ('response', 'error', 'next'):\n"
        "            path = f'/2018-06-01/runtime/invocation/{request_id}/{kind}'\n"
        "            api.request('POST', path, b'\"forged\"')\n"
        "            answer = api.getresponse()\n"
        "            answer.read()\n"
        "            results.append(answer.status)\n"
        "    api.request('POST', '/2018-06-01/runtime/init/error', b'{}')\n"
        "    results.append(api.getresponse().status)\n"
        "    return sorted(set(results))\n"
    )
    make_function(functions, role, source)
    make_function(functions, role, name="victim")
    answer = functions.invoke(FunctionName="victim", Payload=b"1")
    forged = answer["ResponseMetadata"]["RequestId"]
    assert invoke(functions, event=forged) == [400, 403, 404]
    assert invoke(functions, "victim", 2) == 2


def test_function_is_nobody_else_for_the_cloud(functions, role, account):
    """The cloud believes a caller of the machine its account number; a function has to sign, as itself."""
    source = (
        "import boto3, json, os, urllib.error, urllib.request\n"
        "from botocore.exceptions import ClientError\n"
        "PARTS = ('ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'SESSION_TOKEN')\n"
        "OWN = [os.environ['AWS_' + part] for part in PARTS]\n"
        "def asked(key, secret, token, service='iam', operation='list_users', **more):\n"
        "    names = ('aws_access_key_id', 'aws_secret_access_key', 'aws_session_token')\n"
        "    client = boto3.client(service, **dict(zip(names, (key, secret, token))))\n"
        "    try:\n"
        "        getattr(client, operation)(**more)\n"
        "    except ClientError as error:\n"
        "        return error.response['Error']['Code']\n"
        "def paged(method, path):\n"
        "    url = os.environ['AWS_ENDPOINT_URL'] + path\n"
        "    request = urllib.request.Request(url, b'{}' if method == 'POST' else None, method=method)\n"
        "    try:\n"
        "        return urllib.request.urlopen(request).status\n"
        "    except urllib.error.HTTPError as error:\n"
        "        return error.code\n"
        "def handler(event, context):\n"
        "    if event == 'own':\n"
        "        return OWN\n"
        "    other, account, role = (event[name] for name in ('other', 'account', 'role'))\n"
        "    return {\n"
        "        'itself': asked(*OWN),\n"
        "        'root': asked(account, 'secret', None),\n"
        "        'any': asked('AKIAIOSFODNN7EXAMPLE', 'secret', None),\n"
        "        'other without its secret': asked(other[0], OWN[1], other[2]),\n"
        "        'other token': asked(OWN[0], OWN[1], other[2]),\n"
        "        'no token': asked(OWN[0], OWN[1], None),\n"
        "        'any role': asked(*OWN, 'sts', 'assume_role', RoleArn=role, RoleSessionName='me'),\n"
        "        'reset': paged('POST', '/_cloudlet/reset'),\n"
        "        'clock': paged('POST', '/_cloudlet/clock'),\n"
        "        'status': paged('GET', '/_cloudlet/status'),\n"
        "    }\n"
    )
    make_function(functions, role, source, name="other")
    make_function(functions, role, source, Timeout=30, MemorySize=1769)
    event = {"other": invoke(functions, "other", "own"), "account": account, "role": role}
    assert invoke(functions, event=event) == {
        "itself": "AccessDenied",
        "root": "InvalidClientTokenId",
        "any": "InvalidClientTokenId",
        "other without its secret": "SignatureDoesNotMatch",
        "other token": "InvalidClientTokenId",
        "no token": "InvalidClientTokenId",
        "any role": "AccessDenied",
        "reset": 403,
        "clock": 403,
        "status": 403,
    }


def test_second_answer_changes_nothing(functions, role):
    """A function that answers its own event itself, and then through its runtime: the first one counts."""
    source = (
        "import http.client, os\n"
        "def handler(event, context):\n"
        "    api = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])\n"
        "    path = f'/2018-06-01/runtime/invocation/{context.aws_request_id}/response'\n"
        "    for answer in (b'1', b'2'):\n"
        "        api.request('POST', path, answer)\n"
        "        api.getresponse().read()\n"
        "    return 3\n"
    )
    make_function(functions, role, source)
    assert invoke(functions) == 1
    assert invoke(functions) == 1


def test_children_of_an_invocation_that_was_cut_short_are_gone(functions, role):
    source = (
        "import os, subprocess, time\n"
        "def handler(event, context):\n"
        "    if event == 'leave':\n"
        "        open('/tmp/left', 'w').write('secret')\n"
        "        subprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
        "        time.sleep(60)\n"
        "    numbers = [name for name in os.listdir('/proc') if name.isdigit()]\n"
        "    names = [open(f'/proc/{number}/comm').read().strip() for number in numbers]\n"
        "    return [os.listdir('/tmp'), 'sleep' in names]\n"
    )
    make_function(functions, role, source, Timeout=1)
    assert invoke(functions, event="leave")["errorType"] == "Sandbox.Timedout"
    # The file is the function's own, and outlives its process as at AWS.
    assert invoke(functions, event="look") == [["left"], False]


def test_function_with_many_connections_to_the_runtime_api_harms_only_itself(functions, role):
    source = (
        "import socket\n"
        "def handler(event, context):\n"
        "    held = []\n"
        "    try:\n"
        "        for _ in range(2000):\n"
        "            held.append(socket.create_connection(('127.0.0.1', 9001), 2))\n"
        "            held[-1].send(b'POST /2018-06-01/runtime/invocation/x/response HTTP/1.1\\r\\nA: ')\n"
        "    except OSError:\n"
        "        pass\n"
        "    return len(held) > 100\n"
    )
    make_function(functions, role, source, Timeout=20, MemorySize=512)
    make_function(functions, role, name="neighbour")
    assert invoke(functions) is True
    assert invoke(functions, "neighbour", 1) == 1
    functions.delete_function(FunctionName="function")


def test_extensions_folder_that_is_a_link_names_no_programs_of_the_machine(functions, client):
    role = make_role(client("iam"), "writer", WRITE_LOGS)
    link = zip_with(("extensions", "/usr/bin", stat.S_IFLNK | 0o777))
    layer = functions.publish_layer_version(LayerName="link", Content={"ZipFile": link})
    make_function(functions, role, Layers=[layer["LayerVersionArn"]])
    assert invoke(functions, event=1) == 1


def test_function_sees_no_other_functions_memory_or_key(functions, role):
    """A process that was forked from the same parent finds no key of another in its own memory."""
    source = (
        "import os, re\n"
        "KEY = os.environ['AWS_SECRET_ACCESS_KEY']\n"
        "def handler(event, context):\n"
        "    found = set()\n"
        "    with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb') as memory:\n"
        "        for line in maps:\n"
        "            place, modes = line.split()[:2]\n"
        "            if modes.startswith('rw'):\n"
        "                start, end = (int(each, 16) for each in place.split('-'))\n"
        "                try:\n"
        "                    memory.seek(start)\n"
        "                    found.update(re.findall(rb'ASIA[A-Z0-9]{16}', memory.read(end - start)))\n"
        "                except (OSError, ValueError):\n"
        "                    continue\n"
        "    return sorted(key.decode() for key in found - {os.environ['AWS_ACCESS_KEY_ID'].encode()})\n"
    )
    make_function(functions, role, name="other")
    invoke(functions, "other", 1)
    make_function(functions, role, source, Timeout=20, MemorySize=1769)
    assert invoke(functions) == []
