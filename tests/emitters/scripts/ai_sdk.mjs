// Vercel AI SDK. EMITTER_MODE: `5`, `6`, `7` (latest conventions) or `7 legacy`; with `anthropic` behind it, else OpenAI.
import { facts, mode, run, runTool, url } from './harness.mjs';
import * as ai from 'ai';
import { createOpenAI } from '@ai-sdk/openai';
import { createAnthropic } from '@ai-sdk/anthropic';
import { z } from 'zod';

const [version, ...flags] = mode.split(' ');
const anthropic = flags.includes('anthropic');
const model = anthropic
  ? createAnthropic({ apiKey: 'test', baseURL: `${url}/v1` })(facts.claude)
  : createOpenAI({ apiKey: 'test', baseURL: `${url}/v1` }).chat(facts.gpt);

if (version === '7') {
  const otel = await import('@ai-sdk/otel');
  const Kind = flags.includes('legacy') ? otel.LegacyOpenTelemetry : otel.OpenTelemetry;
  ai.registerTelemetry(new Kind({ runtimeContext: true }));
}

const telemetry = more =>
  version === '7'
    ? { telemetry: { isEnabled: true, functionId: 'support', ...more } }
    : { experimental_telemetry: { isEnabled: true, functionId: 'support', ...more } };

const steps = { stopWhen: (ai.stepCountIs ?? ai.isStepCount)(3) };
const base = { model, system: facts.system, maxRetries: 0, maxOutputTokens: facts.max_tokens };
if (version === '7') {
  base.instructions = base.system;
  delete base.system;
}

const tools = {
  get_order: ai.tool({
    description: facts.tools[0].description,
    inputSchema: z.object({ order_id: z.string().describe('Like A-1234.') }),
    execute: given => runTool('get_order', given),
  }),
  search_policy: ai.tool({
    description: facts.tools[1].description,
    inputSchema: z.object({ topic: z.string(), limit: z.number().int() }),
    execute: given => runTool('search_policy', given),
  }),
};

const ask = (prompt, more = {}) => ai.generateText({ ...base, prompt, ...telemetry(), ...more });

const streamed = async (prompt, more = {}) => {
  const result = ai.streamText({ ...base, prompt, ...telemetry(), ...more });
  for await (const _ of result.fullStream ?? result.stream);
  await result.usage;
};

const named = () => {
  const known = { sessionId: facts.conversation, userId: facts.user };
  return version === '7'
    ? { runtimeContext: known, ...telemetry({ includeRuntimeContext: { sessionId: true, userId: true } }) }
    : telemetry({ metadata: known });
};

const picture = {
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: facts.image_question },
        version === '7'
          ? { type: 'file', mediaType: 'image/png', data: facts.image_base64 }
          : { type: 'image', mediaType: 'image/png', image: facts.image_base64 },
      ],
    },
  ],
};

await run({
  chat: () => ask(facts.question, { temperature: facts.temperature, topP: facts.top_p, stopSequences: [facts.stop] }),
  tools: () => ask(facts.tool_question, { tools, ...steps }),
  stream: () => streamed(facts.question),
  stream_tools: () => streamed(facts.tool_question, { tools, ...steps }),
  cached: () => ask(facts.question),
  error: () => ask(facts.question),
  conversation: () => ask(facts.question, named()),
  long: () => ask(facts.long_prompt),
  image: () => ai.generateText({ ...base, ...picture, ...telemetry() }),
});
