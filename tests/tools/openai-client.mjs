// The official `openai` client against a Meridian address: node openai-client.mjs BASE_URL MODEL
// Prints one JSON object; a check that fails is named in `failures` with what was seen.
import { createRequire } from 'node:module';
import path from 'node:path';

const [baseURL, model] = process.argv.slice(2);
const tools = process.env.MERIDIAN_TEST_TOOLS ?? import.meta.dirname;
const { OpenAI } = createRequire(path.join(tools, 'package.json'))('openai');

// No retries of the client's own: a hidden second attempt would hide a failure of the service.
const client = new OpenAI({ baseURL, apiKey: 'any-key-will-do-on-loopback', maxRetries: 0, timeout: 20_000 });
const failures = [];
const results = {};

const check = (name, ok, seen) => {
  if (!ok) failures.push(`${name}: ${JSON.stringify(seen)}`);
};

const norm = v => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
const largestGap = (a, b) => a.reduce((gap, x, i) => Math.max(gap, Math.abs(x - b[i])), a.length === b.length ? 0 : Infinity);

const scenario = async (name, run) => {
  try {
    results[name] = await run();
  } catch (e) {
    failures.push(`${name}: ${e.constructor?.name} ${e.status ?? ''} ${e.message}`);
  }
};

const refused = async (name, request, expected) => {
  try {
    await client.embeddings.create(request);
    failures.push(`${name}: was accepted`);
  } catch (e) {
    const seen = { class: e.constructor?.name, status: e.status, code: e.code, param: e.param, type: e.type, message: e.message };
    results[name] = seen;
    for (const [key, value] of Object.entries(expected)) {
      const ok = value instanceof RegExp ? value.test(String(seen[key])) : seen[key] === value;
      check(`${name}.${key}`, ok, seen);
    }
  }
};

const text = 'The quick brown fox jumps over the lazy dog.';
let base64;

await scenario('base64', async () => {
  // The client asks for base64 and decodes it when no encoding is named.
  const { data: answer, response } = await client.embeddings.create({ model, input: text }).withResponse();
  base64 = answer.data[0].embedding;
  check('base64.object', answer.object === 'list' && answer.data[0].object === 'embedding' && answer.data[0].index === 0, answer.data[0].object);
  check('base64.length', base64.length === 384, base64.length);
  check('base64.norm', Math.abs(norm(base64) - 1) < 1e-4, norm(base64));
  check('base64.usage', answer.usage.prompt_tokens > 0 && answer.usage.total_tokens === answer.usage.prompt_tokens, answer.usage);
  const headers = Object.fromEntries(['x-request-id', 'x-meridian-region', 'x-meridian-model-version', 'x-meridian-attempts'].map(h => [h, response.headers.get(h)]));
  for (const [header, value] of Object.entries(headers)) check(`base64.${header}`, !!value, headers);
  return { model: answer.model, usage: answer.usage, headers, head: Array.from(base64.slice(0, 8)) };
});

await scenario('float', async () => {
  const answer = await client.embeddings.create({ model, input: [text, 'Un renard brun.'], encoding_format: 'float' });
  check('float.items', answer.data.length === 2 && answer.data[1].index === 1, answer.data.length);
  check('float.kind', Array.isArray(answer.data[0].embedding) && typeof answer.data[0].embedding[0] === 'number', typeof answer.data[0].embedding);
  check('float.equals_base64', base64 && largestGap(answer.data[0].embedding, base64) < 1e-6, base64 && largestGap(answer.data[0].embedding, base64));
  return { gap: base64 && largestGap(answer.data[0].embedding, base64) };
});

await scenario('tokens', async () => {
  // Ids of the model's vocabulary for "hello world", without the special tokens.
  const words = await client.embeddings.create({ model, input: 'hello world' });
  const one = await client.embeddings.create({ model, input: [7592, 2088] });
  const many = await client.embeddings.create({ model, input: [[7592, 2088], [7592]] });
  check('tokens.one', largestGap(one.data[0].embedding, words.data[0].embedding) < 1e-5, largestGap(one.data[0].embedding, words.data[0].embedding));
  check('tokens.many', many.data.length === 2 && largestGap(many.data[0].embedding, words.data[0].embedding) < 1e-5, many.data.length);
  return { items: many.data.length };
});

await scenario('dimensions', async () => {
  const answer = await client.embeddings.create({ model, input: text, dimensions: 64 });
  const vector = answer.data[0].embedding;
  check('dimensions.length', vector.length === 64, vector.length);
  check('dimensions.norm', Math.abs(norm(vector) - 1) < 1e-4, norm(vector));
  return { length: vector.length };
});

await refused('unknown_model', { model: 'no-such-model', input: text }, { class: 'NotFoundError', status: 404, code: 'model_not_found', type: 'invalid_request_error' });
await refused('empty_input', { model, input: '' }, { class: 'BadRequestError', status: 400, param: /^input/, type: 'invalid_request_error' });
await refused('too_many_dimensions', { model, input: text, dimensions: 385 }, { class: 'BadRequestError', status: 400, param: 'dimensions', message: /38[45]/ });
await refused('too_long', { model, input: 'word '.repeat(400) }, { class: 'BadRequestError', status: 400, code: 'context_length_exceeded', param: /^input/, message: /256/ });

await scenario('truncate', async () => {
  const answer = await client.embeddings.create({ model, input: 'word '.repeat(400), truncate: true });
  check('truncate.tokens', answer.usage.prompt_tokens === 256, answer.usage);
  return answer.usage;
});

await scenario('models', async () => {
  const list = [];
  for await (const entry of client.models.list()) list.push(entry);
  const found = list.find(m => m.id === model);
  check('models.list', found?.object === 'model' && typeof found.created === 'number' && !!found.owned_by, list);
  const one = await client.models.retrieve(model);
  check('models.retrieve', one.id === model && one.object === 'model', one);
  return { count: list.length, one };
});

await scenario('models_unknown', async () => {
  try {
    const seen = await client.models.retrieve('no-such-model');
    check('models_unknown', false, seen);
  } catch (e) {
    check('models_unknown', e.status === 404 && e.code === 'model_not_found', { status: e.status, code: e.code });
    return { status: e.status, code: e.code };
  }
});

console.log(JSON.stringify({ client: 'openai', failures, results }, null, 2));
process.exitCode = failures.length === 0 ? 0 : 1;
