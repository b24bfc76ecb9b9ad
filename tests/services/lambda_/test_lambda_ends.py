"""What a server leaves behind that ends while functions are put into place."""

from __future__ import annotations

import asyncio

from lambda_functions import ECHO, make_role, zip_of

from cloudlet.config import Config
from running_server import RunningServer


def test_a_server_that_ends_leaves_no_task_behind(tmp_path, aws_session):
    server = RunningServer(Config(data=tmp_path / "cloud", port=0, state="memory"))

    def client(service):
        return aws_session.client(
            service,
            endpoint_url=server.endpoint,
            region_name="us-east-1",
            aws_access_key_id="123456789012",
            aws_secret_access_key="secret",
        )

    async def left_behind() -> list[str]:
        await server.app.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        return [repr(task) for task in others if "cloudlet/services" in repr(task)]

    try:
        client("lambda").create_function(
            FunctionName="function",
            Runtime="python3.12",
            Role=make_role(client("iam")),
            Handler="index.handler",
            Code={"ZipFile": zip_of(index__py=ECHO)},
        )
        assert server.run(left_behind()) == []
    finally:
        server.close()
