"""Deployments and stages, held against AWS's recorded answers."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from recorded_answers import recording

from refusals import refusal


def patch(op, path, value=None):
    return {"op": op, "path": path, **({} if value is None else {"value": value})}


def test_a_deployment_that_a_stage_shows_stays(api, apigateway):
    aws = recording("common", "test_create_update_deployments")
    api.says("GET", "/a", "hi")
    api_id = {"restApiId": api.id}
    first = apigateway.create_deployment(**api_id, stageName="s1")["id"]
    aws.expect("get-deployment-1", apigateway.get_deployment(**api_id, deploymentId=first))
    aws.expect("get-stages", apigateway.get_stages(**api_id))
    delete = apigateway.delete_deployment
    aws.refuses("delete-deployment-error", delete, **api_id, deploymentId=first)
    second = apigateway.create_deployment(**api_id, stageName="s1")["id"]
    aws.expect("get-deployment-2", apigateway.get_deployment(**api_id, deploymentId=second))
    aws.expect("get-stages-after-update", apigateway.get_stages(**api_id))
    aws.expect("delete-deployment-1", delete(**api_id, deploymentId=first))
    aws.refuses("delete-deployment-2-error", delete, **api_id, deploymentId=second)


def test_stages_are_made_and_refuse_unknown_paths(api, apigateway):
    aws = recording("common", "test_create_update_stages")
    api.says("GET", "/a", "hi")
    api_id = {"restApiId": api.id}
    deployment = apigateway.create_deployment(**api_id)["id"]
    stage = apigateway.create_stage(
        **api_id,
        stageName="s1",
        deploymentId=deployment,
        description="my stage",
        documentationVersion="v123",
    )
    aws.expect("create-stage", stage)
    update = apigateway.update_stage
    for key, path in (
        ("error-update-doc-version", "/documentation_version"),
        ("error-update-tags", "/tags/tag1"),
    ):
        aws.refuses(key, update, **api_id, stageName="s1", patchOperations=[patch("replace", path, "foo")])
    patches = [
        patch("replace", "/description", "stage new"),
        patch("replace", "/variables/var1", "test"),
        patch("replace", "/variables/var2", "test2"),
        patch("replace", "/*/*/throttling/burstLimit", "123"),
        patch("replace", "/*/*/caching/enabled", "true"),
        patch("replace", "/tracingEnabled", "true"),
        patch("replace", "/test/GET/throttling/burstLimit", "124"),
    ]
    aws.expect("update-stage", update(**api_id, stageName="s1", patchOperations=patches))
    aws.expect("get-stage", apigateway.get_stage(**api_id, stageName="s1"))
    patches = [patch("replace", "/*/*/throttling/burstLimit", "100")]
    aws.expect("update-stage-override", update(**api_id, stageName="s1", patchOperations=patches))


def test_the_settings_of_all_methods_are_removed_only_if_there(api, apigateway):
    aws = recording("common", "test_update_stage_remove_wildcard")
    api.says("GET", "/a", "hi")
    named = {"restApiId": api.id, "stageName": "s1"}
    deployment = apigateway.create_deployment(restApiId=api.id)["id"]
    stage = apigateway.create_stage(
        **named, deploymentId=deployment, description="my stage", documentationVersion="v123"
    )
    aws.expect("create-stage", stage)
    remove = [patch("remove", "/*/*")]
    aws.refuses("delete-error", apigateway.update_stage, **named, patchOperations=remove)
    changed = apigateway.update_stage(
        **named, patchOperations=[patch("replace", "/*/*/caching/enabled", "true")]
    )
    aws.expect("update-stage", changed)
    aws.expect("update-stage-reset", apigateway.update_stage(**named, patchOperations=remove))
    aws.expect("get-stage-after-reset", apigateway.get_stage(**named))


def test_stages_are_found_by_their_deployment(api, apigateway):
    aws = recording("api", "test_get_stages_filters_by_deployment_id")
    api.says("GET", "/a", "hi")
    api_id = {"restApiId": api.id}
    deployments = []
    for name in ("stage1", "stage2"):
        deployments.append(apigateway.create_deployment(**api_id)["id"])
        apigateway.create_stage(**api_id, stageName=name, deploymentId=deployments[-1])
    aws.expect("all-stages", apigateway.get_stages(**api_id))
    aws.expect("stages-deploy1", apigateway.get_stages(**api_id, deploymentId=deployments[0]))
    aws.expect("stages-deploy2", apigateway.get_stages(**api_id, deploymentId=deployments[1]))


def test_an_api_without_methods_is_not_deployed(api, apigateway):
    with pytest.raises(ClientError) as caught:
        apigateway.create_deployment(restApiId=api.id)
    assert caught.value.response["Error"]["Message"] == "The REST API doesn't contain any methods"


def test_a_method_without_integration_is_not_deployed(api, apigateway):
    apigateway.put_method(restApiId=api.id, resourceId=api.root, httpMethod="GET", authorizationType="NONE")
    with pytest.raises(ClientError) as caught:
        apigateway.create_deployment(restApiId=api.id)
    assert caught.value.response["Error"]["Message"] == "No integration defined for method"


def test_a_stage_that_is_gone_is_forbidden(api, apigateway):
    api.says("GET", "/a", "hi")
    api.deploy()
    assert api.call("/a").status_code == 200
    apigateway.delete_stage(restApiId=api.id, stageName="dev")
    assert api.call("/a").status_code == 403


@pytest.mark.parametrize("manual", [True, False])
def test_deployments_are_deleted_once_their_stage_is(api, apigateway, manual):
    aws = recording("common", f"test_create_delete_deployments[{manual}]")
    api.says("GET", "/a", "hi")
    api_id = {"restApiId": api.id}

    def deploy():
        made = apigateway.create_deployment(**api_id, **({} if manual else {"stageName": "s1"}))["id"]
        if manual:
            apigateway.create_stage(**api_id, stageName="s1", deploymentId=made)
        return made

    deployment = deploy()
    aws.expect("get-deployment", apigateway.get_deployment(**api_id, deploymentId=deployment))
    aws.expect("get-stages", apigateway.get_stages(**api_id))
    for count in range(3):
        delete = apigateway.delete_deployment
        aws.refuses(f"delete-deployment-error-{count}", delete, **api_id, deploymentId=deployment)
        apigateway.delete_stage(**api_id, stageName="s1")
        delete(**api_id, deploymentId=deployment)
        deployment = deploy()
        aws.expect(f"get-deployments-{count}", apigateway.get_deployments(**api_id))
        aws.expect(f"get-stages-{count}", apigateway.get_stages(**api_id))


@pytest.fixture
def log_role(apigateway, client):
    """The role that AWS asks for before it writes any log."""
    role = client("iam").create_role(
        RoleName="logs",
        AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
        '"Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
    )["Role"]["Arn"]
    apigateway.update_account(patchOperations=[patch("replace", "/cloudwatchRoleArn", role)])


def _stage(api, apigateway, **settings):
    api.says("GET", "/a", "hi")
    deployment = apigateway.create_deployment(restApiId=api.id)
    stage = apigateway.create_stage(
        restApiId=api.id, stageName="dev", deploymentId=deployment["id"], **settings
    )
    return deployment, stage


def test_access_logs_are_set_and_removed(api, apigateway, log_role):
    aws = recording("api", "test_stage_access_log_settings")
    deployment, stage = _stage(api, apigateway, description="dev stage")
    aws.expect("create-deployment", deployment)
    aws.expect("create-stage", stage)
    group = "arn:aws:logs:us-east-1:111111111111:log-group:x"
    for key, step in (
        ("dest-add", patch("add", "/accessLogSettings/destinationArn", group)),
        ("dest-replace", patch("replace", "/accessLogSettings/destinationArn", f"{group}a")),
        (
            "format-add",
            patch("add", "/accessLogSettings/format", "$context.requestId $context.identity.sourceIp"),
        ),
        ("remove-all", patch("remove", "/accessLogSettings")),
    ):
        changed = apigateway.update_stage(restApiId=api.id, stageName="dev", patchOperations=[step])
        aws.expect(f"update-stage-access-log-{key}", changed)


def test_other_paths_of_access_logs_are_refused(api, apigateway, log_role):
    aws = recording("api", "test_stage_access_log_settings_validation")
    _stage(api, apigateway, description="dev stage")
    named = {"restApiId": api.id, "stageName": "dev"}
    root = "/accessLogSettings"
    group = "arn:aws:logs:us-east-1:111111111111:log-group:x"
    for key, step in (
        ("invalid-path-add", patch("add", f"{root}/randomValue", "x")),
        ("invalid-path-remove", patch("remove", f"{root}/randomValue")),
        ("invalid-path-replace", patch("replace", f"{root}/randomValue", "x")),
        ("star-and-add", patch("add", f"{root}/*", "x")),
        ("star-and-remove", patch("remove", f"{root}/*")),
        ("star-and-replace", patch("replace", f"{root}/*", "x")),
        ("root-and-add", patch("add", root, "x")),
        ("root-and-replace", patch("replace", root, "x")),
    ):
        aws.refuses(key, apigateway.update_stage, **named, patchOperations=[step])
    add = [patch("add", f"{root}/destinationArn", group)]
    aws.expect("update-stage-access-log-dest-add", apigateway.update_stage(**named, patchOperations=add))
    for key, step in (
        ("destinationArn-empty", patch("replace", f"{root}/destinationArn", "")),
        ("format-empty", patch("replace", f"{root}/format", "")),
        ("dest-remove", patch("remove", f"{root}/destinationArn")),
    ):
        aws.refuses(
            f"update-stage-access-log-{key}", apigateway.update_stage, **named, patchOperations=[step]
        )


def test_logs_need_a_role(api, apigateway):
    _stage(api, apigateway)
    assert refusal(
        apigateway.update_stage,
        restApiId=api.id,
        stageName="dev",
        patchOperations=[patch("replace", "/*/*/logging/loglevel", "INFO")],
    ) == (
        "BadRequestException",
        "CloudWatch Logs role ARN must be set in account settings to enable logging",
    )


def test_a_cache_cluster_is_there_at_once(api, apigateway):
    _stage(api, apigateway)
    named = {"restApiId": api.id, "stageName": "dev"}
    steps = [patch("replace", "/cacheClusterEnabled", "true"), patch("replace", "/cacheClusterSize", "1.6")]
    shown = apigateway.update_stage(**named, patchOperations=steps)
    assert (shown["cacheClusterStatus"], shown["cacheClusterSize"]) == ("AVAILABLE", "1.6")
    shown = apigateway.update_stage(
        **named, patchOperations=[patch("replace", "/cacheClusterEnabled", "false")]
    )
    assert shown["cacheClusterStatus"] == "NOT_AVAILABLE"


def test_flushing_asks_for_the_stage(api, apigateway):
    _stage(api, apigateway)
    for flush in (apigateway.flush_stage_cache, apigateway.flush_stage_authorizers_cache):
        answer = flush(restApiId=api.id, stageName="dev")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
        assert refusal(flush, restApiId=api.id, stageName="none") == (
            "NotFoundException",
            "Invalid stage identifier specified",
        )


def test_a_deployment_shows_its_methods_when_asked_for(api, apigateway):
    api.says("GET", "/a", "hi")
    deployment = api.deploy()
    named = {"restApiId": api.id, "deploymentId": deployment}
    api.says("GET", "/later", "hi")
    assert "apiSummary" not in apigateway.get_deployment(**named)
    shown = apigateway.get_deployment(**named, embed=["apisummary"])["apiSummary"]
    assert shown == {"/a": {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}}}


def test_a_renamed_deployment_is_what_aws_recorded(api, apigateway):
    aws = recording("basic", "test_update_rest_api_deployment")
    api.says("GET", "/a", "hi")
    named = {"restApiId": api.id, "deploymentId": api.deploy()}
    steps = [patch("replace", "/description", "new-description")]
    aws.expect("after-update", apigateway.update_deployment(**named, patchOperations=steps))
