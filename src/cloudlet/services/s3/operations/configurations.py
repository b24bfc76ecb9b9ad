"""Operations on how a bucket is configured: tags, versioning, CORS, encryption, ownership, access lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.core.errors import NotImplementedHere
from cloudlet.core.operation import operation
from cloudlet.core.tags import tag_list
from cloudlet.services.s3 import cors, state
from cloudlet.services.s3.encryption import checked_default
from cloudlet.services.s3.errors import (
    AccessControlListNotSupported,
    IllegalVersioningConfigurationException,
    MalformedXML,
    NoSuchCORSConfiguration,
    NoSuchTagSet,
)
from cloudlet.services.s3.model import Encryption
from cloudlet.services.s3.permissions import on_bucket
from cloudlet.services.s3.tags import MOST_OF_BUCKET, check_system_tags, is_system_tag, read_tags

if TYPE_CHECKING:
    from types_boto3_s3 import type_defs as api

ENFORCED: Final = "BucketOwnerEnforced"


@operation("PutBucketTagging", permissions=on_bucket("PutBucketTagging"))
def put_bucket_tagging(call: Call, request: api.PutBucketTaggingRequestTypeDef) -> None:
    """Replaces a bucket's tags."""
    bucket = state.bucket(call, request["Bucket"])
    tags = read_tags(request["Tagging"]["TagSet"], most=MOST_OF_BUCKET, system=True)
    if call.http is not None:
        check_system_tags(bucket.tags, tags)
    state.save_bucket(call, replace(bucket, tags=tags))


@operation("GetBucketTagging", permissions=on_bucket("GetBucketTagging"), read_only=True)
def get_bucket_tagging(call: Call, request: api.GetBucketTaggingRequestTypeDef) -> dict[str, Any]:
    """A bucket's tags."""
    bucket = state.bucket(call, request["Bucket"])
    if not bucket.tags:
        raise NoSuchTagSet(bucket.name)
    return {"TagSet": tag_list(bucket.tags)}


@operation("DeleteBucketTagging", permissions=on_bucket("PutBucketTagging"))
def delete_bucket_tagging(call: Call, request: api.DeleteBucketTaggingRequestTypeDef) -> None:
    """Takes a bucket's tags away."""
    bucket = state.bucket(call, request["Bucket"])
    kept = {key: value for key, value in bucket.tags.items() if is_system_tag(key)}
    state.save_bucket(call, replace(bucket, tags=kept))


@operation("PutBucketVersioning", permissions=on_bucket("PutBucketVersioning"))
def put_bucket_versioning(call: Call, request: api.PutBucketVersioningRequestTypeDef) -> None:
    """Begins to keep versions, or stops adding to them."""
    bucket = state.bucket(call, request["Bucket"])
    told = request["VersioningConfiguration"]
    if told.get("MFADelete") == "Enabled":
        raise NotImplementedHere("cloudlet does not implement MFA delete (yet). Nothing was done.")
    if told.get("Status") not in ("Enabled", "Suspended"):
        raise IllegalVersioningConfigurationException
    state.save_bucket(call, replace(bucket, versioning=told["Status"]))


@operation("GetBucketVersioning", permissions=on_bucket("GetBucketVersioning"), read_only=True)
def get_bucket_versioning(call: Call, request: api.GetBucketVersioningRequestTypeDef) -> dict[str, Any]:
    """Whether a bucket keeps versions; nothing for one that never did."""
    return {"Status": state.bucket(call, request["Bucket"]).versioning}


@operation("PutBucketCors", permissions=on_bucket("PutBucketCORS"))
def put_bucket_cors(call: Call, request: api.PutBucketCorsRequestTypeDef) -> None:
    """Replaces a bucket's rules for other origins."""
    bucket = state.bucket(call, request["Bucket"])
    rules = cors.read_rules(request["CORSConfiguration"].get("CORSRules", ()))
    state.save_bucket(call, replace(bucket, cors=rules))


@operation("GetBucketCors", permissions=on_bucket("GetBucketCORS"), read_only=True)
def get_bucket_cors(call: Call, request: api.GetBucketCorsRequestTypeDef) -> dict[str, Any]:
    """A bucket's rules for other origins."""
    bucket = state.bucket(call, request["Bucket"])
    if not bucket.cors:
        raise NoSuchCORSConfiguration(bucket.name)
    return {"CORSRules": [cors.write_rule(rule) for rule in bucket.cors]}


@operation("DeleteBucketCors", permissions=on_bucket("PutBucketCORS"))
def delete_bucket_cors(call: Call, request: api.DeleteBucketCorsRequestTypeDef) -> None:
    """Takes a bucket's rules for other origins away."""
    state.save_bucket(call, replace(state.bucket(call, request["Bucket"]), cors=()))


@operation("PutBucketEncryption", permissions=on_bucket("PutEncryptionConfiguration"))
def put_bucket_encryption(call: Call, request: api.PutBucketEncryptionRequestTypeDef) -> None:
    """Says how a bucket encrypts what is put without saying it."""
    bucket = state.bucket(call, request["Bucket"])
    rules = request["ServerSideEncryptionConfiguration"].get("Rules", ())
    if len(rules) != 1 or not rules[0].get("ApplyServerSideEncryptionByDefault"):
        raise MalformedXML
    state.save_bucket(call, replace(bucket, encryption=checked_default(rules[0])))


@operation("GetBucketEncryption", permissions=on_bucket("GetEncryptionConfiguration"), read_only=True)
def get_bucket_encryption(call: Call, request: api.GetBucketEncryptionRequestTypeDef) -> dict[str, Any]:
    """How a bucket encrypts."""
    bucket = state.bucket(call, request["Bucket"])
    default = bucket.encryption
    rule = {
        "ApplyServerSideEncryptionByDefault": {
            "SSEAlgorithm": default.method.value,
            "KMSMasterKeyID": default.kms_key_arn or None,
        },
        "BucketKeyEnabled": default.bucket_key_enabled,
    }
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


@operation("DeleteBucketEncryption", permissions=on_bucket("PutEncryptionConfiguration"))
def delete_bucket_encryption(call: Call, request: api.DeleteBucketEncryptionRequestTypeDef) -> None:
    """Goes back to the encryption that every bucket has."""
    bucket = state.bucket(call, request["Bucket"])
    state.save_bucket(call, replace(bucket, encryption=Encryption()))


@operation("PutBucketOwnershipControls", permissions=on_bucket("PutBucketOwnershipControls"))
def put_bucket_ownership_controls(call: Call, request: api.PutBucketOwnershipControlsRequestTypeDef) -> None:
    """Says who owns what is put: always the bucket's owner, the only way there is here."""
    rules = request["OwnershipControls"].get("Rules", ())
    if len(rules) != 1:
        raise MalformedXML
    check_ownership(rules[0].get("ObjectOwnership"))


def check_ownership(ownership: str | None) -> None:
    """Raises NotImplementedHere for what would need access control lists."""
    if ownership != ENFORCED:
        raise NotImplementedHere(f"cloudlet does not implement ACLs ({ownership}) (yet). Nothing was done.")


@operation("GetBucketOwnershipControls", permissions=on_bucket("GetBucketOwnershipControls"), read_only=True)
def get_bucket_ownership_controls(
    call: Call, request: api.GetBucketOwnershipControlsRequestTypeDef
) -> dict[str, Any]:
    """Who owns what is put."""
    state.bucket(call, request["Bucket"])
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": ENFORCED}]}}


@operation("GetBucketAcl", permissions=on_bucket("GetBucketAcl"), read_only=True)
def get_bucket_acl(call: Call, request: api.GetBucketAclRequestTypeDef) -> dict[str, Any]:
    """The access control list: the owner may do everything."""
    return full_control(state.bucket(call, request["Bucket"]).owner)


@operation("PutBucketAcl", permissions=on_bucket("PutBucketAcl"))
def put_bucket_acl(call: Call, request: api.PutBucketAclRequestTypeDef) -> None:
    """Refused: buckets whose owner owns everything have no access control lists of their own."""
    raise AccessControlListNotSupported


def full_control(owner: dict[str, str]) -> dict[str, Any]:
    """An access control list that lets the owner do everything and nobody else anything."""
    grant = {"Grantee": {**owner, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
    return {"Owner": owner, "Grants": [grant]}
