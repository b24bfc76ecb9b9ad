"""Login profiles: users' passwords.

Only a salted hash is kept; there is no console here that would ask for the password.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.operation import operation
from cloudlet.services.iam import state
from cloudlet.services.iam.entities import USER, named_user
from cloudlet.services.iam.errors import EntityAlreadyExists, NoSuchEntity
from cloudlet.services.iam.model import LoginProfile, User
from cloudlet.services.iam.pages import ValidationError
from cloudlet.services.iam.permissions import on_user

if TYPE_CHECKING:
    from types_boto3_iam import type_defs as api

    from cloudlet.core.call import Call

_ROUNDS: Final = 20_000


@operation("CreateLoginProfile", permissions=on_user("CreateLoginProfile"))
def create_login_profile(call: Call, request: api.CreateLoginProfileRequestTypeDef) -> dict[str, Any]:
    """Gives a user a password."""
    user = named_user(call, request)
    if state.find_login_profile(call, user):
        raise EntityAlreadyExists(f"Login Profile for user {user.name} already exists.")
    password = request.get("Password")
    if password is None:
        raise ValidationError("Password is required.")
    profile = _with_password(
        call, LoginProfile(b"", b"", call.time(), request.get("PasswordResetRequired", False)), password
    )
    state.save_login_profile(call, user, profile)
    return {"LoginProfile": _describe(user, profile)}


@operation("GetLoginProfile", permissions=on_user("GetLoginProfile"), read_only=True)
def get_login_profile(call: Call, request: api.GetLoginProfileRequestTypeDef) -> dict[str, Any]:
    """Whether a user has a password, and since when."""
    user = named_user(call, request)
    return {"LoginProfile": _describe(user, _profile(call, user))}


@operation("UpdateLoginProfile", permissions=on_user("UpdateLoginProfile"))
def update_login_profile(call: Call, request: api.UpdateLoginProfileRequestTypeDef) -> None:
    """Changes a user's password, or that it must be changed."""
    user = USER.named(call, request)
    profile = _profile(call, user)
    if password := request.get("Password"):
        profile = _with_password(call, profile, password)
    required = request.get("PasswordResetRequired", profile.reset_required)
    state.save_login_profile(call, user, replace(profile, reset_required=required))


@operation("DeleteLoginProfile", permissions=on_user("DeleteLoginProfile"))
def delete_login_profile(call: Call, request: api.DeleteLoginProfileRequestTypeDef) -> None:
    """Takes a user's password away."""
    user = named_user(call, request)
    _profile(call, user)
    state.delete_login_profile(call, user)


def _profile(call: Call, user: User) -> LoginProfile:
    profile = state.find_login_profile(call, user)
    if profile is None:
        raise NoSuchEntity(f"Login Profile for User {user.name} cannot be found.")
    return profile


def _with_password(call: Call, profile: LoginProfile, password: str) -> LoginProfile:
    salt = call.ids.random.randbytes(16)
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)
    return replace(profile, salt=salt, digest=digest)


def _describe(user: User, profile: LoginProfile) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "CreateDate": profile.created,
        "PasswordResetRequired": profile.reset_required,
    }
