"""Deployments and stages, held against AWS's recorded answers."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from recorded_answers import recording


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


@pytest.mark.parametrize(
    "setting",
    [
        ("/tracingEnabled", "true"),
        ("/cacheClusterEnabled", "true"),
        ("/accessLogSettings/format", "x"),
        ("/*/*/logging/loglevel", "INFO"),
        ("/*/*/throttling/rateLimit", "5"),
    ],
)
def test_settings_without_effect_are_refused(api, apigateway, setting):
    api.says("GET", "/a", "hi")
    api.deploy()
    with pytest.raises(ClientError) as caught:
        apigateway.update_stage(
            restApiId=api.id, stageName="dev", patchOperations=[patch("replace", *setting)]
        )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


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
