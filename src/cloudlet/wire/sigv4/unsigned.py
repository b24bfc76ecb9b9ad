"""Words for refusing a request in which Verifier.find_credential() found no signer.

Nothing here decides whether an unsigned request may pass (a public bucket's may).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudlet.core.errors import AccessDenied, NotImplementedHere
from cloudlet.wire.checksums import InvalidRequest
from cloudlet.wire.sigv4.credential import (
    ALGORITHM,
    ASYMMETRIC_ALGORITHM,
    authorization_parameters,
    parse_scope,
    query_parameters,
)
from cloudlet.wire.sigv4.errors import (
    AuthorizationHeaderMalformed,
    AuthorizationQueryParametersError,
    InvalidArgument,
)
from cloudlet.wire.sigv4.s3 import MISSING_QUERY_PARAMETERS

if TYPE_CHECKING:
    from cloudlet.core.errors import ServiceError
    from cloudlet.core.http import HttpRequest
    from cloudlet.wire.sigv4.family import Family

_EXPECTED: Final = (
    'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
)
_QUERY_PARAMETERS: Final = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "X-Amz-Date",
)


def is_anonymous(request: HttpRequest) -> bool:
    """Whether a request does not even try to say who signed it."""
    return request.header("authorization") is None and not _query_signed(request)


def why_unsigned(request: HttpRequest, family: Family) -> ServiceError:
    """The error that says what is missing or malformed."""
    authorization = request.header("authorization")
    if authorization is not None and _query_signed(request):
        return family.mismatch(
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
        )
    if authorization is None:
        return _why_unsigned_query(request, family)
    algorithm = authorization.partition(" ")[0]
    if not algorithm.startswith("AWS4-"):
        return family.missing(family.missing_message)
    return _why_unsigned_header(request, authorization, algorithm, family)


def _why_unsigned_header(
    request: HttpRequest, authorization: str, algorithm: str, family: Family
) -> ServiceError:
    for part in authorization.strip().replace(",", " ").split()[1:]:
        if "=" not in part:
            return family.incomplete(
                f"'{part}' not a valid key=value pair (missing equal-sign) in Authorization header: "
                f"'{authorization}'."
            )
    parameters = authorization_parameters(authorization)
    problems = "".join(
        f"Authorization header requires '{name}' parameter. "
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parameters.get(name)
    )
    if not (request.header("x-amz-date") or request.header("date")):
        problems += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
    if problems:
        return family.incomplete(f"{problems}Authorization={authorization}")
    return _unsupported(algorithm, parameters["Credential"], family)


def _why_unsigned_query(request: HttpRequest, family: Family) -> ServiceError:
    if not _query_signed(request):
        return family.missing(family.missing_message)
    parameters = query_parameters(request.query)
    problems = "".join(
        f"AWS query-string parameters must include '{name}'. "
        for name in _QUERY_PARAMETERS
        if not parameters.get(name)
    )
    if problems:
        return family.incomplete(f"{problems}Re-examine the query-string parameters.")
    return _unsupported(parameters["X-Amz-Algorithm"], parameters["X-Amz-Credential"], family)


def _unsupported(algorithm: str, credential: str, family: Family) -> ServiceError:
    if algorithm == ASYMMETRIC_ALGORITHM:
        return _asymmetric()
    if algorithm != ALGORITHM:
        return family.incomplete(f"Unsupported AWS 'algorithm': '{algorithm}' (only {ALGORITHM} for now). ")
    return family.incomplete(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
        f"got '{credential}'"
    )


def _asymmetric() -> ServiceError:
    return NotImplementedHere(
        f"Signature Version 4A ({ASYMMETRIC_ALGORITHM}) is not verified here; sign with {ALGORITHM}."
    )


def why_unsigned_s3(request: HttpRequest) -> ServiceError:
    """The error of S3 that says what is missing or malformed."""
    authorization = request.header("authorization")
    if authorization is None:
        return _why_unsigned_s3_query(request)
    if _query_signed(request):
        return InvalidArgument(
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query "
            "string parameter or the Authorization header should be specified",
            ArgumentName="Authorization",
            ArgumentValue=authorization,
        )
    algorithm = authorization.partition(" ")[0]
    if algorithm == ASYMMETRIC_ALGORITHM:
        return _asymmetric()
    if algorithm == "AWS":
        return _version_2()
    if algorithm != ALGORITHM:
        return InvalidArgument(
            "Unsupported Authorization Type", ArgumentName="Authorization", ArgumentValue=authorization
        )
    parameters = authorization_parameters(authorization)
    missing = [name for name in ("Credential", "SignedHeaders", "Signature") if not parameters.get(name)]
    if len(missing) > 1:
        return _malformed(
            "the authorization header requires three components: Credential, SignedHeaders, and Signature."
        )
    if missing:
        return _malformed(f"missing {missing[0]}.")
    if parse_scope(parameters["Credential"], "") is None:
        return _malformed(_EXPECTED)
    return AccessDenied("AWS authentication requires a valid Date or x-amz-date header")


def _why_unsigned_s3_query(request: HttpRequest) -> ServiceError:
    parameters = query_parameters(request.query)
    if "X-Amz-Algorithm" not in parameters:
        return _version_2() if "Signature" in parameters else AccessDenied("Access Denied")
    if not all(parameters.get(name) for name in (*_QUERY_PARAMETERS, "X-Amz-Expires")):
        return AuthorizationQueryParametersError(MISSING_QUERY_PARAMETERS)
    algorithm = parameters["X-Amz-Algorithm"]
    if algorithm == ASYMMETRIC_ALGORITHM:
        return _asymmetric()
    if algorithm != ALGORITHM:
        return AuthorizationQueryParametersError(
            f'X-Amz-Algorithm only supports "{ALGORITHM} and {ASYMMETRIC_ALGORITHM}"'
        )
    return AuthorizationQueryParametersError(f"Error parsing the X-Amz-Credential parameter; {_EXPECTED}")


def _version_2() -> ServiceError:
    return InvalidRequest(
        f"The authorization mechanism you have provided is not supported. Please use {ALGORITHM}."
    )


def _malformed(reason: str) -> ServiceError:
    return AuthorizationHeaderMalformed(f"The authorization header is malformed; {reason}")


def _query_signed(request: HttpRequest) -> bool:
    query = f"&{request.query}"
    return "X-Amz-Algorithm=" in query or "&Signature=" in query
