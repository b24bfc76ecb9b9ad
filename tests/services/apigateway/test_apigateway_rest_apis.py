"""REST APIs and their resources, held against AWS's recorded answers."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from recorded_answers import recording

from refusals import refusal


def patch(op, path, value=None):
    return {"op": op, "path": path, **({} if value is None else {"value": value})}


def test_apis_are_made_listed_and_deleted(apigateway):
    aws = recording("api", "test_list_and_delete_apis")
    first = apigateway.create_rest_api(name="one", description="this is my api")
    second = apigateway.create_rest_api(name="two", description="this is my api2")
    aws.expect("create-rest-api-1", first)
    aws.expect("create-rest-api-2", second)
    aws.expect("get-rest-api-before-delete", apigateway.get_rest_apis())
    aws.expect("delete-rest-api", apigateway.delete_rest_api(restApiId=first["id"]))
    aws.expect("get-rest-api-after-delete", apigateway.get_rest_apis())


def test_optional_members_are_checked_and_left_out(apigateway):
    aws = recording("api", "test_create_rest_api_with_optional_params")
    create = apigateway.create_rest_api
    aws.expect("create-only-name", create(name="a"))
    aws.refuses("create-empty-desc", create, name="a", description="")
    aws.expect("create-with-version", create(name="b", version="v1"))
    aws.expect("create-with-empty-binary-media", create(name="c", binaryMediaTypes=[]))
    aws.refuses("string-compression-size", create, name="a", minimumCompressionSize=-1)


def test_tags_are_shown(apigateway):
    aws = recording("api", "test_create_rest_api_with_tags")
    made = apigateway.create_rest_api(
        name="tagged", description="this is my api", tags={"MY_TAG1": "MY_VALUE1"}
    )
    aws.expect("create-rest-api-w-tags", made)
    aws.expect("get-rest-api-w-tags", apigateway.get_rest_api(restApiId=made["id"]))
    aws.expect("get-rest-apis-w-tags", apigateway.get_rest_apis())


def test_binary_media_types_are_added_replaced_and_removed(apigateway):
    aws = recording("api", "test_update_rest_api_operation_add_remove")
    made = apigateway.create_rest_api(name="a", description="this is my api")

    def update(*patches):
        return apigateway.update_rest_api(restApiId=made["id"], patchOperations=list(patches))

    added = update(
        patch("add", "/binaryMediaTypes/image~1png"), patch("add", "/binaryMediaTypes/image~1jpeg")
    )
    aws.expect("update-rest-api-add", added)
    replaced = update(patch("replace", "/binaryMediaTypes/image~1png", "image/gif"))
    aws.expect("update-rest-api-replace", replaced)
    removed = update(patch("remove", "/binaryMediaTypes/image~1gif"), patch("remove", "/description"))
    aws.expect("update-rest-api-remove", removed)


def test_compression_is_switched_by_patches(apigateway):
    aws = recording("api", "test_update_rest_api_compression")
    made = apigateway.create_rest_api(name="a", description="this is my api")["id"]

    def request(op, value):
        return {"restApiId": made, "patchOperations": [patch(op, "/minimumCompressionSize", value)]}

    update = apigateway.update_rest_api
    aws.expect("enable-compression", update(**request("replace", "10")))
    aws.expect("disable-compression", update(**request("replace", "")))
    aws.expect("set-compression-zero", update(**request("replace", "0")))
    aws.refuses("set-negative-compression", update, **request("replace", "-1"))
    aws.refuses("set-string-compression", update, **request("replace", "test"))
    aws.refuses("unsupported-operation", update, **request("add", "10"))


@pytest.mark.parametrize(
    ("key", "op"),
    [
        ("update-rest-api-add-base-path", "add"),
        ("update-rest-api-replace-base-path", "replace"),
        ("update-rest-api-remove-base-path", "remove"),
    ],
)
def test_a_patch_of_all_media_types_is_refused(apigateway, key, op):
    made = apigateway.create_rest_api(name="a")["id"]
    recording("api", "test_update_rest_api_behaviour").refuses(
        key,
        apigateway.update_rest_api,
        restApiId=made,
        patchOperations=[patch(op, "/binaryMediaTypes", "image/gif")],
    )


def test_an_unknown_api_is_not_found(apigateway):
    recording("api", "test_update_rest_api_invalid_api_id").refuses(
        "not-found-update-rest-api",
        apigateway.update_rest_api,
        restApiId="api_id",
        patchOperations=[patch("replace", "/name", "x")],
    )


def test_endpoint_configurations_are_checked(apigateway):
    aws = recording("api", "test_create_rest_api_with_endpoint_configuration")
    create = apigateway.create_rest_api
    for key, configuration in (
        ("create-with-empty-types", {"types": []}),
        ("create-with-two-types", {"types": ["EDGE", "REGIONAL"]}),
    ):
        aws.refuses(key, create, name="a", endpointConfiguration=configuration)
    dual = create(name="a", endpointConfiguration={"types": ["EDGE"], "ipAddressType": "dualstack"})
    aws.expect("create-with-endpoint-config-dualstack", dual)
    regional = create(name="b", endpointConfiguration={"types": ["REGIONAL"]})
    aws.expect("create-with-endpoint-config-regional", regional)


def test_a_tag_pins_the_id(apigateway, account):
    made = apigateway.create_rest_api(name="a", tags={"_custom_id_": f"my{account}"})
    assert made["id"] == f"my{account}"
    with pytest.raises(ClientError) as caught:
        apigateway.create_rest_api(name="b", tags={"_custom_id_": f"my{account}"})
    assert caught.value.response["Error"]["Code"] == "ConflictException"


def test_the_kinds_of_endpoints_have_their_defaults(apigateway):
    aws = recording("api", "test_create_rest_api_verify_defaults")
    create = apigateway.create_rest_api
    for key, types in (("edge", ["EDGE"]), ("regional", ["REGIONAL"]), ("private", ["PRIVATE"])):
        made = create(name=f"a-{key}", endpointConfiguration={"types": types})
        aws.expect(f"create-with-{key}-default", made)
    aws.expect("create-with-empty-default", create(name="a", endpointConfiguration={}))


def test_private_apis_have_both_kinds_of_addresses(apigateway):
    aws = recording("api", "test_create_rest_api_private_type")
    endpoint = {"types": ["PRIVATE"], "ipAddressType": "ipv4"}
    create = apigateway.create_rest_api
    key = "create-with-private-type-and-ipv4-ip-address-type"
    aws.refuses(key, create, name="a", endpointConfiguration=endpoint)
    aws.refuses(
        f"{key}-and-empty-description", create, name="a", description="", endpointConfiguration=endpoint
    )


def test_the_kind_of_endpoint_is_replaced(apigateway):
    aws = recording("api", "test_update_rest_api_ip_address_type")
    named = {"restApiId": apigateway.create_rest_api(name="a")["id"]}
    update, root = apigateway.update_rest_api, "/endpointConfiguration"
    to_private = patch("replace", f"{root}/types/EDGE", "PRIVATE")
    aws.expect("update-rest-api-replace-type", update(**named, patchOperations=[to_private]))
    for key, step in (
        ("replace-to-ipv4-within-private-type", patch("replace", f"{root}/ipAddressType", "ipv4")),
        ("wrong-ipAddressType", patch("replace", f"{root}/ipAddressType", "wrong")),
        ("wrong-type", patch("replace", f"{root}/types/PRIVATE", "wrong")),
        ("invalid-operation-on-ipAddressType", patch("add", f"{root}/ipAddressType", "dualstack")),
        ("invalid-operation-on-type", patch("test", f"{root}/types/PRIVATE", "EDGE")),
    ):
        aws.refuses(f"update-rest-api-{key}", update, **named, patchOperations=[step])
    again = patch("replace", f"{root}/ipAddressType", "dualstack")
    aws.expect("update-rest-api-replace-ip-address-type", update(**named, patchOperations=[again]))


def test_ids_are_asked_for_as_they_are(apigateway):
    aws = recording("api", "test_get_api_case_insensitive")
    made = apigateway.create_rest_api(name="a", description="lower case api")
    asked = apigateway.get_rest_api
    with pytest.raises(ClientError) as caught:
        asked(restApiId=made["id"].upper())
    assert caught.value.response["Error"]["Code"] == aws.content["get-api-upper-case"]["Error"]["Code"]


def test_a_policy_is_shown_with_escapes_and_whole_arns(apigateway, account):
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", '
        '"Action": "execute-api:Invoke", "Resource": "execute-api:/dev/*"}]}'
    )
    made = apigateway.create_rest_api(name="a", policy=policy)
    arn = f"arn:aws:execute-api:us-east-1:{account}:{made['id']}\\/dev\\/*"
    assert made["policy"] == (
        '{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Effect\\":\\"Allow\\",'
        f'\\"Principal\\":\\"*\\",\\"Action\\":\\"execute-api:Invoke\\",\\"Resource\\":\\"{arn}\\"}}]}}'
    )
    shown = patch("replace", "/policy", made["policy"])
    again = apigateway.update_rest_api(restApiId=made["id"], patchOperations=[shown])
    assert again["policy"] == made["policy"]
    gone = apigateway.update_rest_api(restApiId=made["id"], patchOperations=[patch("replace", "/policy", "")])
    assert "policy" not in gone


def test_a_clone_has_everything_under_new_ids(api, apigateway):
    api.says("GET", "/a/b", "hi")
    apigateway.create_request_validator(restApiId=api.id, name="v")
    clone = apigateway.create_rest_api(name="clone", cloneFrom=api.id)
    assert clone["id"] != api.id
    before = {each["path"]: each for each in apigateway.get_resources(restApiId=api.id)["items"]}
    after = {each["path"]: each for each in apigateway.get_resources(restApiId=clone["id"])["items"]}
    assert before.keys() == after.keys() == {"/", "/a", "/a/b"}
    assert not {each["id"] for each in before.values()} & {each["id"] for each in after.values()}
    assert after["/a"]["parentId"] == clone["rootResourceId"]
    named = {"restApiId": clone["id"], "resourceId": after["/a/b"]["id"], "httpMethod": "GET"}
    assert apigateway.get_integration(**named)["cacheNamespace"] == after["/a/b"]["id"]
    assert [each["name"] for each in apigateway.get_request_validators(restApiId=clone["id"])["items"]] == [
        "v"
    ]
    apigateway.delete_rest_api(restApiId=api.id)
    assert apigateway.get_method(**named)["httpMethod"] == "GET"


def test_resources_are_made_renamed_and_deleted(apigateway):
    aws = recording("api", "test_resource_lifecycle")
    made = apigateway.create_rest_api(name="a")
    named, root = {"restApiId": made["id"]}, made["rootResourceId"]
    aws.expect("rest-api-root-resource", apigateway.get_resources(**named))
    pets = apigateway.create_resource(**named, parentId=root, pathPart="pets")
    aws.expect("create-resource", pets)
    aws.expect("rest-api-resources-after-create", apigateway.get_resources(**named))
    below = apigateway.create_resource(**named, parentId=pets["id"], pathPart="subpets")
    aws.expect("create-subresource", below)
    aws.expect("rest-api-resources-after-create-sub", apigateway.get_resources(**named))
    renamed = apigateway.update_resource(
        **named, resourceId=pets["id"], patchOperations=[patch("replace", "/pathPart", "dogs")]
    )
    aws.expect("update-path-part", renamed)
    aws.expect("get-resp-after-update-path-part", apigateway.get_resource(**named, resourceId=pets["id"]))
    assert apigateway.get_resource(**named, resourceId=below["id"])["path"] == "/dogs/subpets"
    aws.expect("del-resource", apigateway.delete_resource(**named, resourceId=pets["id"]))
    aws.expect("rest-api-resources-after-delete", apigateway.get_resources(**named))


def test_resources_move_only_where_they_may(apigateway):
    aws = recording("api", "test_update_resource_behaviour")
    made = apigateway.create_rest_api(name="a")
    named, root = {"restApiId": made["id"]}, made["rootResourceId"]
    pets = apigateway.create_resource(**named, parentId=root, pathPart="pets")["id"]
    update = apigateway.update_resource

    def request(resource, op, path, value):
        return {**named, "resourceId": resource, "patchOperations": [patch(op, path, value)]}

    aws.refuses("nonexistent-resource", update, **request("fake", "replace", "/pathPart", "x"))
    aws.refuses("invalid-path-part", update, **request(pets, "replace", "/invalid", "x"))
    aws.refuses("invalid-parent-id", update, **request(pets, "replace", "/parentId", "fake"))
    below = apigateway.create_resource(**named, parentId=pets, pathPart="subpets")
    aws.expect("create-subresource", below)
    child = apigateway.create_resource(**named, parentId=below["id"], pathPart="pets")
    aws.expect("create-subresource-child", child)
    aws.refuses("existing-future-sibling-path", update, **request(child["id"], "replace", "/parentId", root))
    cyclical = request(below["id"], "replace", "/parentId", child["id"])
    aws.refuses("update-parent-id-to-subresource-id", update, **cyclical)
    moved = update(**request(below["id"], "replace", "/parentId", root))
    aws.expect("update-parent-id-to-root-id", moved)
    aws.refuses("update-path-already-exists", update, **request(below["id"], "replace", "/pathPart", "pets"))
    aws.refuses("remove-unsupported", update, **request(below["id"], "remove", "/pathPart", "dogs"))
    aws.refuses("add-unsupported", update, **request(below["id"], "add", "/pathPart", "dogs"))


def test_the_root_stays_where_it_is(apigateway):
    aws = recording("api", "test_update_resource_on_root")
    made = apigateway.create_rest_api(name="a")
    for key, path in (("update-root-path-part", "/pathPart"), ("update-root-parent", "/parentId")):
        aws.refuses(
            key,
            apigateway.update_resource,
            restApiId=made["id"],
            resourceId=made["rootResourceId"],
            patchOperations=[patch("replace", path, "x")],
        )


def test_greedy_resources_have_no_children_and_no_variable_siblings(apigateway):
    aws = recording("api", "test_create_proxy_resource_validation")
    made = apigateway.create_rest_api(name="a")
    named, root = {"restApiId": made["id"]}, made["rootResourceId"]
    create = apigateway.create_resource
    greedy = create(**named, parentId=root, pathPart="{proxy+}")
    aws.expect("create-base-proxy-resource", greedy)
    for key, parent, part in (
        ("create-proxy-dynamic-sibling-resource", root, "{dynamic}"),
        ("create-proxy-static-child-resource", greedy["id"], "static"),
        ("create-proxy-dynamic-child-resource", greedy["id"], "{dynamic}"),
    ):
        aws.refuses(key, create, **named, parentId=parent, pathPart=part)


def test_tags_are_put_and_taken_by_arn(apigateway):
    made = apigateway.create_rest_api(name="a")["id"]
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{made}"
    apigateway.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    apigateway.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert apigateway.get_tags(resourceArn=arn)["tags"] == {"b": "2"}


def test_apis_are_listed_in_pages(apigateway):
    for number in range(3):
        apigateway.create_rest_api(name=str(number))
    first = apigateway.get_rest_apis(limit=2)
    rest = apigateway.get_rest_apis(limit=2, position=first["position"])
    assert len({each["id"] for each in first["items"] + rest["items"]}) == 3
    assert "position" not in rest


def test_resources_are_listed_page_by_page_in_the_order_of_their_paths(apigateway, api):
    paths = ["/", *(f"/{name}" for name in ("a", "a/b", "a/{c}", "ab", "{d}", "{d}/e"))]
    for path in reversed(paths):
        api.resource(path)
    shown, position = [], {}
    while True:
        page = apigateway.get_resources(restApiId=api.id, limit=2, **position)
        shown += [each["path"] for each in page["items"]]
        assert len(page["items"]) <= 2
        if "position" not in page:
            break
        position = {"position": page["position"]}
    assert shown == paths
    apigateway.delete_resource(restApiId=api.id, resourceId=api.resource("/a"))
    left = apigateway.get_resources(restApiId=api.id)["items"]
    assert [each["path"] for each in left] == ["/", "/ab", "/{d}", "/{d}/e"]


def test_a_resource_that_has_moved_leaves_its_place(apigateway, api):
    below = api.resource("/a/b")
    named = {"restApiId": api.id}
    rename = [{"op": "replace", "path": "/pathPart", "value": "c"}]
    apigateway.update_resource(**named, resourceId=api.resource("/a"), patchOperations=rename)
    assert apigateway.get_resource(**named, resourceId=below)["path"] == "/c/b"
    assert apigateway.create_resource(**named, parentId=api.root, pathPart="a")["path"] == "/a"
    assert refusal(apigateway.create_resource, **named, parentId=api.root, pathPart="c") == (
        "ConflictException",
        "Another resource with the same parent already has this name: c",
    )
