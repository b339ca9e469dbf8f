"""Puts the layers around servicer methods, for all four kinds of RPC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

from services.chassis.rpc.interceptors.layer import Call, Layer

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]


class Pipeline(grpc.aio.ServerInterceptor):
    """A server interceptor that runs every candor.* method inside the layers. Health and reflection pass by."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self._wrapped: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        known = self._wrapped.get(details.method)
        if known is not None:
            return known
        handler = await continuation(details)
        if handler is None or not details.method.startswith("/candor."):
            return handler
        self._wrapped[details.method] = self._wrap(handler, _describe(details.method))
        return self._wrapped[details.method]

    def _wrap(self, handler: Handler, method: MethodDescriptor) -> Handler:
        inner = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
        make = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[bool(handler.request_streaming), bool(handler.response_streaming)]
        around = self._streaming if handler.response_streaming else self._answering
        wrapped: Handler = make(
            around(inner, method),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )
        return wrapped

    def _answering(self, inner: Any, method: MethodDescriptor) -> Any:
        async def answer(request: Any, context: Any) -> Any:
            call = _call(method, context)
            async with AsyncExitStack() as stack:
                for layer in self._layers:
                    await stack.enter_async_context(layer.around(call))
                return await inner(self._admitted(call, request), context)

        return answer

    def _streaming(self, inner: Any, method: MethodDescriptor) -> Any:
        async def answer(request: Any, context: Any) -> AsyncIterator[Any]:
            call = _call(method, context)
            async with AsyncExitStack() as stack:
                for layer in self._layers:
                    await stack.enter_async_context(layer.around(call))
                async for message in inner(self._admitted(call, request), context):
                    yield message

        return answer

    def _admitted(self, call: Call, request: Any) -> Any:
        if not isinstance(request, Message):
            return self._each_admitted(call, request)
        for layer in self._layers:
            layer.admit(call, request)
        return request

    async def _each_admitted(self, call: Call, requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
        async for message in requests:
            for layer in self._layers:
                layer.admit(call, message)
            yield message


def _call(method: MethodDescriptor, context: Any) -> Call:
    metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
    return Call(method, context, metadata)


def _describe(path: str) -> MethodDescriptor:
    return descriptor_pool.Default().FindMethodByName(path.strip("/").replace("/", "."))
