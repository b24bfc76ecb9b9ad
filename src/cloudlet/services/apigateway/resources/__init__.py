"""API Gateway's CloudFormation types.

They call API Gateway's own API and know nothing of templates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.services.apigateway.resources.apis import ResourceType as PathType
from cloudlet.services.apigateway.resources.apis import RestApiType
from cloudlet.services.apigateway.resources.authorizers import AuthorizerType
from cloudlet.services.apigateway.resources.documentation import (
    DocumentationPartType,
    DocumentationVersionType,
)
from cloudlet.services.apigateway.resources.methods import MethodType
from cloudlet.services.apigateway.resources.network import (
    BasePathMappingType,
    ClientCertificateType,
    DomainNameType,
    VpcLinkType,
)
from cloudlet.services.apigateway.resources.settings import (
    AccountType,
    GatewayResponseType,
    ModelType,
    RequestValidatorType,
)
from cloudlet.services.apigateway.resources.stages import DeploymentType, StageType
from cloudlet.services.apigateway.resources.usage import ApiKeyType, UsagePlanKeyType, UsagePlanType

if TYPE_CHECKING:
    from cloudlet.core.resource import ResourceType

RESOURCES: Final[tuple[ResourceType, ...]] = (
    RestApiType(),
    PathType(),
    MethodType(),
    ModelType(),
    RequestValidatorType(),
    GatewayResponseType(),
    AuthorizerType(),
    DocumentationPartType(),
    DocumentationVersionType(),
    DeploymentType(),
    StageType(),
    AccountType(),
    ApiKeyType(),
    UsagePlanType(),
    UsagePlanKeyType(),
    DomainNameType(),
    BasePathMappingType(),
    VpcLinkType(),
    ClientCertificateType(),
)
