// `@ai-sdk/openai-compatible` with `ai` against text generation at a Meridian address: node ai-sdk-chat.mjs BASE_URL MODEL [MODEL_LOST_IN_MID_STREAM]
// Prints one JSON object; a check that fails is named in `failures` with what was seen.
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [baseURL, model, lost] = process.argv.slice(2);
const tools = process.env.MERIDIAN_TEST_TOOLS ?? import.meta.dirname;
const require = createRequire(path.join(tools, 'package.json'));
const { createOpenAICompatible } = await import(pathToFileURL(require.resolve('@ai-sdk/openai-compatible')));
const { generateText, streamText, APICallError } = await import(pathToFileURL(require.resolve('ai')));

globalThis.AI_SDK_LOG_WARNINGS = false;
const provider = createOpenAICompatible({ name: 'meridian', baseURL, apiKey: 'any', includeUsage: true });
const failures = [];
const results = {};

const check = (name, ok, seen) => {
  if (!ok) failures.push(`${name}: ${JSON.stringify(seen)}`);
};

const scenario = async (name, run) => {
  try {
    results[name] = await run();
  } catch (e) {
    failures.push(`${name}: ${e.constructor?.name} ${e.statusCode ?? ''} ${e.message}`);
  }
};

const options = { prompt: 'Tell me a story', maxOutputTokens: 12, seed: 7, temperature: 0, maxRetries: 0 };
let whole;

await scenario('whole', async () => {
  const answer = await generateText({ model: provider(model), ...options, instructions: 'Be brief.' });
  const bare = await generateText({ model: provider(model), ...options });
  whole = bare.text;
  check('whole.text', answer.text.length > 0 && whole.length > 0, answer.text);
  check('whole.finish', ['stop', 'length'].includes(bare.finishReason), bare.finishReason);
  check('whole.usage', bare.usage.inputTokens > 0 && bare.usage.outputTokens > 0 && bare.usage.totalTokens === bare.usage.inputTokens + bare.usage.outputTokens, bare.usage);
  check('whole.response', bare.response.modelId === model && bare.response.id.startsWith('chatcmpl-'), bare.response);
  return { whole, usage: bare.usage };
});

await scenario('stream', async () => {
  const answer = streamText({ model: provider(model), ...options });
  const pieces = [];
  for await (const piece of answer.textStream) pieces.push(piece);
  check('stream.text', pieces.join('') === whole && pieces.length > (lost ? 1 : 0), { pieces, whole });
  check('stream.finish', ['stop', 'length'].includes(await answer.finishReason), await answer.finishReason);
  const usage = await answer.usage;
  check('stream.usage', usage.inputTokens > 0 && usage.outputTokens > 0, usage);
  return { pieces: pieces.length, usage };
});

await scenario('stop', async () => {
  const stop = whole.slice(4, 7);
  const answer = await generateText({ model: provider(model), ...options, stopSequences: [stop] });
  check('stop.text', answer.text === whole.slice(0, whole.indexOf(stop)) && answer.finishReason === 'stop', { said: answer.text, whole, stop });
});

await scenario('seed', async () => {
  const ask = seed => generateText({ model: provider(model), ...options, temperature: 1, seed });
  const [a, b] = [await ask(3), await ask(3)];
  check('seed.same', a.text === b.text, [a.text, b.text]);
});

await scenario('completion_model', async () => {
  const answer = await generateText({ model: provider.completionModel(model), ...options });
  check('completion_model.text', answer.text.length > 0, answer.text);
  return answer.text;
});

await scenario('unknown_model', async () => {
  try {
    const seen = await generateText({ model: provider('no-such-model'), ...options });
    check('unknown_model', false, seen.text);
  } catch (e) {
    check('unknown_model', APICallError.isInstance(e) && e.statusCode === 404 && JSON.parse(e.responseBody).error.code === 'model_not_found', { status: e.statusCode, body: e.responseBody });
  }
});

await scenario('hot', async () => {
  for (const ask of [
    () => generateText({ model: provider(model), ...options, temperature: 2.5 }),
    async () => {
      let error;
      const answer = streamText({ model: provider(model), ...options, temperature: 2.5, onError: () => {} });
      for await (const part of answer.stream ?? answer.fullStream) if (part.type === 'error') error = part.error;
      throw error ?? new Error('no error');
    },
  ]) {
    try {
      const seen = await ask();
      check('hot', false, seen.text);
    } catch (e) {
      const body = APICallError.isInstance(e) ? JSON.parse(e.responseBody).error : {};
      check('hot', e.statusCode === 400 && body.param === 'temperature' && body.type === 'invalid_request_error' && /2\.5/.test(body.message), { status: e.statusCode, body: e.responseBody, message: e.message });
    }
  }
});

await scenario('abort', async () => {
  const controller = new AbortController();
  const answer = streamText({ model: provider(model), ...options, maxOutputTokens: 400, abortSignal: controller.signal, providerOptions: { meridian: { ignore_eos: true } }, onError: () => {} });
  let seen = 0;
  for await (const part of answer.stream ?? answer.fullStream) {
    if (part.type === 'text-delta' && ++seen === 3) controller.abort();
  }
  check('abort.seen', seen >= (lost ? 3 : 1), seen);
  const after = await generateText({ model: provider(model), ...options });
  check('abort.after', after.text === whole, after.text);
});

if (lost) {
  await scenario('lost', async () => {
    let error;
    let said = '';
    for await (const part of (r => r.stream ?? r.fullStream)(streamText({ model: provider(lost), ...options, onError: () => {} }))) {
      if (part.type === 'error') error = part.error;
      if (part.type === 'text-delta') said += part.text ?? '';
    }
    const seen = typeof error === 'string' ? error : error?.message ?? JSON.stringify(error);
    check('lost', error !== undefined && said.length > 0 && /lost/.test(seen), { seen, said });
  });
}

console.log(JSON.stringify({ client: 'ai-sdk', failures, results }, null, 2));
process.exitCode = failures.length === 0 ? 0 : 1;
