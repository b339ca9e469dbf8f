FROM busybox:1.37.0-musl AS probe

FROM otel/opentelemetry-collector-contrib:0.161.0
# The collector's image holds one program and nothing that could ask for its health. busybox is static, and is what
# its name says.
COPY --from=probe /bin/busybox /bin/wget
COPY otel-collector.yaml /etc/otelcol-contrib/config.yaml
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["/bin/wget", "--quiet", "--spider", "http://127.0.0.1:13133/"]
