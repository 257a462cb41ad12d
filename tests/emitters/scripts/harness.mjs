// What every Node script shares: where telemetry goes, and running scenarios one after another.
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { readFileSync } from 'node:fs';

export const url = process.env.RECORDER_URL;
export const mode = process.env.EMITTER_MODE ?? '';
export const facts = JSON.parse(readFileSync(new URL('facts.json', import.meta.url)));

const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'emitter', 'service.version': '1.2.3' }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: `${url}/otlp/v1/traces` }))],
});
provider.register();

export const tracer = trace.getTracer('emitter');

export const runTool = (name, given) =>
  name === 'get_order'
    ? { order_id: given.order_id, status: 'delivered to Łódź', days_ago: 12 }
    : { topic: given.topic, limit: given.limit, rule: 'Electronics: 30 days, unopened or faulty.' };

const tell = path => fetch(url + path, { method: 'POST' });

export async function run(scenarios) {
  const wanted = (process.env.RECORDER_SCENARIOS ?? '').split(',');
  let failed = false;
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (!wanted.includes(name)) continue;
    await tell(`/scenario/${name}`);
    try {
      await scenario();
    } catch (error) {
      if (name !== 'error') {
        failed = true;
        console.error(`--- ${name}`, error);
      }
    }
    await new Promise(resolve => setTimeout(resolve, 50));
    await provider.forceFlush();
    await tell('/scenario/end');
  }
  process.exit(failed ? 1 : 0);
}
