"""Canary releases and their promotion, held against AWS's recorded answers."""

from __future__ import annotations

from typing import Any

import pytest
from recorded_answers import recording


def patch(op: str, path: str, value: str | None = None, **more: str) -> dict[str, str]:
    return {"op": op, "path": path, **({} if value is None else {"value": value}), **more}


class StagedApi:
    """An API with deployments, and stages that are changed by patches."""

    def __init__(self, api: Any) -> None:
        api.says("GET", "/a", "hi")
        self.boto, self.id = api.boto, api.id

    def deploy(self, **settings: Any) -> Any:
        return self.boto.create_deployment(restApiId=self.id, **settings)

    def stage(self, deployment_id: str, name: str = "dev", **settings: Any) -> Any:
        return self.boto.create_stage(
            restApiId=self.id,
            stageName=name,
            deploymentId=deployment_id,
            description="dev stage",
            variables={"testVar": "default"},
            **settings,
        )

    def shown(self, name: str = "dev") -> Any:
        return self.boto.get_stage(restApiId=self.id, stageName=name)

    def patched(self, *patches: dict[str, str]) -> Any:
        return self.boto.update_stage(restApiId=self.id, stageName="dev", patchOperations=[*patches])


@pytest.fixture
def staged(api) -> StagedApi:
    return StagedApi(api)


def _canary(percent: int, value: str, **more: str) -> dict[str, Any]:
    return {"percentTraffic": percent, "stageVariableOverrides": {"testVar": value}, **more}


def test_a_stage_has_a_canary_until_it_is_removed(staged):
    aws = recording("canary", "TestStageCrudCanary::test_create_update_stages")
    first, second = staged.deploy(), staged.deploy()
    aws.expect("create-deployment-1", first)
    aws.expect("create-deployment-2", second)
    made = staged.stage(first["id"], canarySettings=_canary(50, "canary", deploymentId=second["id"]))
    aws.expect("create-stage", made)
    aws.expect("get-stage", staged.shown())
    changed = staged.patched(patch("replace", "/canarySettings/stageVariableOverrides/testVar", "updated"))
    aws.expect("update-stage-canary-settings-overrides", changed)
    aws.expect("update-stage-remove-canary-settings", staged.patched(patch("remove", "/canarySettings")))
    aws.expect("get-stage-after-remove", staged.shown())


def test_a_deployment_becomes_the_canary_of_a_stage(staged):
    aws = recording("canary", "test_create_canary_deployment_with_stage")
    first = staged.deploy()
    aws.expect("create-deployment", first)
    aws.expect("create-stage", staged.stage(first["id"]))
    deployed = staged.deploy(stageName="dev", canarySettings=_canary(50, "canary"))
    aws.expect("create-canary-deployment", deployed)
    aws.expect("get-stage", staged.shown())


def test_a_deployment_replaces_the_canary_of_a_stage(staged):
    aws = recording("canary", "test_create_canary_deployment")
    first = staged.deploy()
    aws.expect("create-deployment", first)
    settings = _canary(40, "canary1", deploymentId=first["id"])
    aws.expect("create-stage", staged.stage(first["id"], "dev1", canarySettings=settings))
    second = staged.deploy(stageName="dev1", canarySettings=_canary(50, "canary2"))
    aws.expect("create-canary-deployment", second)
    aws.expect("get-stage-1", staged.shown("dev1"))
    settings = _canary(60, "canary-overridden", deploymentId=second["id"])
    aws.expect("create-stage-2", staged.stage(first["id"], "dev2", canarySettings=settings))
    create, bad = staged.boto.create_stage, {"deploymentId": "deploy"}
    named = {"restApiId": staged.id, "stageName": "dev3", "deploymentId": first["id"]}
    aws.refuses("bad-canary-deployment-id", create, **named, canarySettings=bad)


def test_a_patch_makes_a_canary(staged):
    aws = recording("canary", "test_create_canary_deployment_by_stage_update")
    first, second = staged.deploy(), staged.deploy()
    aws.expect("create-deployment", first)
    aws.expect("create-deployment-2", second)
    aws.expect("create-stage", staged.stage(first["id"]))
    changed = staged.patched(patch("replace", "/canarySettings/deploymentId", second["id"]))
    aws.expect("update-stage-with-deployment", changed)
    aws.expect("remove-stage-canary", staged.patched(patch("remove", "/canarySettings")))
    changed = staged.patched(patch("replace", "/canarySettings/percentTraffic", "50"))
    aws.expect("update-stage-with-percent", changed)
    aws.expect("get-stage", staged.shown())


def test_a_canary_deployment_needs_its_stage(staged):
    aws = recording("canary", "test_create_canary_deployment_validation")
    settings = _canary(50, "canary")
    for key, named in (
        ("no-stage", {}),
        ("empty-stage", {"stageName": ""}),
        ("non-existing-stage", {"stageName": "non-existing"}),
    ):
        aws.refuses(f"create-canary-deployment-{key}", staged.deploy, canarySettings=settings, **named)


def test_patches_of_canaries_are_refused_in_words(staged):
    aws = recording("canary", "test_update_stage_canary_deployment_validation")
    staged.deploy(stageName="dev")
    aws.expect("get-stage", staged.shown())
    staged.deploy(stageName="dev", canarySettings=_canary(50, "canary"))
    update, named = staged.boto.update_stage, {"restApiId": staged.id, "stageName": "dev"}
    for key, step in (
        ("canary-settings-remove-overrides", patch("remove", "/canarySettings/stageVariableOverrides")),
        ("canary-settings-bad-path", patch("remove", "/canarySettings/badPath")),
        ("canary-settings-bad-path-2", patch("replace", "/canarySettings", "test")),
        ("canary-settings-replace-bad-path", patch("replace", "/canarySettings/badPath", "badPath")),
    ):
        aws.refuses(f"update-stage-{key}", update, **named, patchOperations=[step])
    other = staged.deploy(stageName="dev2")["id"]
    for key, step in (
        ("add-deployment", patch("add", "/canarySettings/deploymentId", other)),
        ("no-deployment", patch("replace", "/canarySettings/deploymentId", "deploy")),
    ):
        aws.refuses(
            f"update-stage-{key}", update, restApiId=staged.id, stageName="dev2", patchOperations=[step]
        )


def test_a_canary_is_promoted_by_copying(staged):
    aws = recording("canary", "test_update_stage_with_copy_ops")
    first = staged.deploy(stageName="dev", variables={"testVar": "test", "testVar2": "test2"})
    aws.expect("deployment-1", first)
    overrides, deployment = "/canarySettings/stageVariableOverrides", "/canarySettings/deploymentId"
    update, named = staged.boto.update_stage, {"restApiId": staged.id, "stageName": "dev"}
    back = [
        patch("copy", overrides, **{"from": "/variables"}),
        patch("copy", deployment, **{"from": "/deploymentId"}),
    ]
    aws.refuses("copy-with-bad-statement", update, **named, patchOperations=back)
    promote = [
        patch("copy", "/deploymentId", **{"from": deployment}),
        patch("copy", "/variables", **{"from": overrides}),
    ]
    aws.refuses("copy-with-no-replace", update, **named, patchOperations=promote[::-1])
    stop = patch("replace", "/canarySettings/percentTraffic", "0.0")
    aws.expect("update-stage-with-copy", staged.patched(stop, *promote))
    canary = staged.deploy(stageName="dev", canarySettings=_canary(50, "override"))
    aws.expect("deployment-canary", canary)
    aws.expect("get-stage", staged.shown())
    aws.expect("update-stage-with-copy-2", staged.patched(stop, *promote))
