"""An application with the plain OpenTelemetry SDK: `sdk_client.py http|grpc URL SPANS PER_SECOND`.

Prints a line when it starts to send, then the ids of its spans as JSON. Stands alone, so that it runs with any SDK.
"""

import json
import sys
import time

from opentelemetry import version
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def main(protocol: str, url: str, spans: int, per_second: int) -> None:
    """Record so many spans at that rate, and flush them."""
    if protocol == "http":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter(url + "/v1/traces")
    else:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter(url, insecure=True)
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=200, max_export_batch_size=64))
    tracer = provider.get_tracer("sdk_client")
    ids: list[str] = []
    print(version.__version__, flush=True)
    for _ in range(spans):
        with tracer.start_as_current_span("chat m", attributes={"gen_ai.operation.name": "chat"}) as span:
            ids.append(format(span.get_span_context().span_id, "016x"))
        time.sleep(1 / per_second)
    provider.shutdown()
    print(json.dumps(ids), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
