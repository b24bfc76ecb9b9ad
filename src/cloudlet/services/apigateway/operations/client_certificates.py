"""Operations on client certificates: what a stage shows backends as its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from cloudlet.core.call import Call
from cloudlet.services.apigateway import network_state, state
from cloudlet.services.apigateway.errors import BadRequestException
from cloudlet.services.apigateway.members import described
from cloudlet.services.apigateway.network_model import ClientCertificate
from cloudlet.services.apigateway.pages import page_of
from cloudlet.services.apigateway.patches import check_listed, patches_in
from cloudlet.services.apigateway.permissions import rest_operation

if TYPE_CHECKING:
    from types_boto3_apigateway import type_defs as api

_CERTIFICATE: Final = "/clientcertificates/{clientCertificateId}"
_LIFE: Final = timedelta(days=365)
# Backends judge it by their own clock, behind which the cloud's may be far ahead.
_BEGINS: Final = datetime(2020, 1, 1, tzinfo=UTC)


@rest_operation("GenerateClientCertificate", "/clientcertificates")
async def generate_client_certificate(
    call: Call, request: api.GenerateClientCertificateRequestTypeDef
) -> dict[str, Any]:
    """Makes a certificate with a key of its own."""
    from cloudlet.services.apigateway.certificates import (  # noqa: PLC0415  start time: cryptography takes 30 ms to load
        self_signed,
    )

    now = call.now()
    certificate, private_key = await asyncio.to_thread(self_signed, "ApiGateway", _BEGINS, now + _LIFE)
    row = ClientCertificate(
        call.ids.lower(6),
        certificate,
        now.timestamp(),
        (now + _LIFE).timestamp(),
        request.get("description"),
        private_key,
        {**request.get("tags", {})} or None,
    )
    await call.transact(lambda inner: network_state.save_certificate(inner, row))
    return _described(row)


@rest_operation("GetClientCertificate", _CERTIFICATE)
def get_client_certificate(call: Call, request: api.GetClientCertificateRequestTypeDef) -> dict[str, Any]:
    """Shows a certificate."""
    return {"tags": {}, **_described(network_state.certificate(call, request["clientCertificateId"]))}


@rest_operation("GetClientCertificates", "/clientcertificates")
def get_client_certificates(call: Call, request: api.GetClientCertificatesRequestTypeDef) -> dict[str, Any]:
    """Lists the certificates."""
    return page_of([_described(row) for row in network_state.list_certificates(call)], request)


@rest_operation("DeleteClientCertificate", _CERTIFICATE)
def delete_client_certificate(call: Call, request: api.DeleteClientCertificateRequestTypeDef) -> None:
    """Removes a certificate that no stage shows."""
    row = network_state.certificate(call, request["clientCertificateId"])
    for api_row in state.list_apis(call):
        for stage in state.list_stages(call, api_row.id):
            if stage.client_certificate_id == row.client_certificate_id:
                raise BadRequestException(
                    f"Client certificate {row.client_certificate_id} is in use by stage "
                    f"{api_row.id}:{stage.stage_name}"
                )
    network_state.delete_certificate(call, row.client_certificate_id)


@rest_operation("UpdateClientCertificate", _CERTIFICATE)
def update_client_certificate(
    call: Call, request: api.UpdateClientCertificateRequestTypeDef
) -> dict[str, Any]:
    """Changes a certificate's description."""
    row = network_state.certificate(call, request["clientCertificateId"])
    for patch in patches_in(request):
        check_listed(patch, ("/description",))
        row = replace(row, description=patch.value or None)
    network_state.save_certificate(call, row)
    return {"tags": {}, **_described(row)}


def _described(row: ClientCertificate) -> dict[str, Any]:
    shown: Mapping[str, Any] = described(row)
    return {name: value for name, value in shown.items() if name != "privateKey"}
