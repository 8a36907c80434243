// The official `openai` client against text generation at a Meridian address: node openai-chat.mjs BASE_URL MODEL [MODEL_LOST_IN_MID_STREAM]
// Prints one JSON object; a check that fails is named in `failures` with what was seen.
import { createRequire } from 'node:module';
import path from 'node:path';

const [baseURL, model, lost] = process.argv.slice(2);
const tools = process.env.MERIDIAN_TEST_TOOLS ?? import.meta.dirname;
const { OpenAI } = createRequire(path.join(tools, 'package.json'))('openai');

// No retries of the client's own: a hidden second attempt would hide a failure of the service.
const client = new OpenAI({ baseURL, apiKey: 'any-key-will-do-on-loopback', maxRetries: 0, timeout: 60_000 });
const failures = [];
const results = {};

const check = (name, ok, seen) => {
  if (!ok) failures.push(`${name}: ${JSON.stringify(seen)}`);
};

const scenario = async (name, run) => {
  try {
    results[name] = await run();
  } catch (e) {
    failures.push(`${name}: ${e.constructor?.name} ${e.status ?? ''} ${e.message}`);
  }
};

const refused = async (name, run, expected) => {
  try {
    await run();
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

const messages = [{ role: 'user', content: 'Tell me a story' }];
const chat = options => client.chat.completions.create({ model, messages, max_tokens: 12, seed: 7, temperature: 0, ...options });
const collect = async stream => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
};
const text = (chunks, index = 0) => chunks.flatMap(c => c.choices).filter(c => c.index === index).map(c => c.delta.content ?? '').join('');
let whole;

await scenario('whole', async () => {
  const { data: answer, response } = await chat({}).withResponse();
  whole = answer.choices[0].message.content;
  check('whole.object', answer.object === 'chat.completion' && answer.id.startsWith('chatcmpl-') && answer.model === model && answer.created > 1_700_000_000, answer);
  check('whole.message', answer.choices.length === 1 && answer.choices[0].message.role === 'assistant' && whole.length > 0 && answer.choices[0].message.refusal === null, answer.choices);
  check('whole.finish', ['stop', 'length'].includes(answer.choices[0].finish_reason), answer.choices[0].finish_reason);
  check('whole.usage', answer.usage.prompt_tokens > 0 && answer.usage.completion_tokens > 0 && answer.usage.total_tokens === answer.usage.prompt_tokens + answer.usage.completion_tokens
    && answer.usage.prompt_tokens_details.cached_tokens >= 0 && answer.usage.completion_tokens_details.reasoning_tokens === 0, answer.usage);
  check('whole.fingerprint', answer.system_fingerprint.startsWith('fp_'), answer.system_fingerprint);
  for (const header of ['x-request-id', 'x-meridian-region', 'x-meridian-model-version', 'x-meridian-attempts', 'openai-processing-ms']) check(`whole.${header}`, !!response.headers.get(header), header);
  return { whole, usage: answer.usage };
});

await scenario('stream', async () => {
  const chunks = await collect(await chat({ stream: true }));
  check('stream.same', ['id', 'created', 'model', 'object'].every(k => new Set(chunks.map(c => c[k])).size === 1) && chunks[0].object === 'chat.completion.chunk', chunks[0]);
  check('stream.role', chunks[0].choices[0].delta.role === 'assistant', chunks[0]);
  check('stream.finish', chunks.slice(0, -1).every(c => c.choices[0].finish_reason === null) && ['stop', 'length'].includes(chunks.at(-1).choices[0].finish_reason), chunks.at(-1));
  check('stream.last', Object.keys(chunks.at(-1).choices[0].delta).length === 0, chunks.at(-1));
  check('stream.no_usage', chunks.every(c => c.usage === undefined), chunks.at(-1));
  check('stream.text', text(chunks) === whole, { streamed: text(chunks), whole });
  return { chunks: chunks.length };
});

await scenario('usage', async () => {
  const chunks = await collect(await chat({ stream: true, stream_options: { include_usage: true } }));
  const last = chunks.pop();
  check('usage.chunk', Array.isArray(last.choices) && last.choices.length === 0 && last.usage.total_tokens === last.usage.prompt_tokens + last.usage.completion_tokens, last);
  check('usage.null', chunks.every(c => c.usage === null), chunks[0]);
  return last.usage;
});

await scenario('helper', async () => {
  const runner = client.chat.completions.stream({ model, messages, max_tokens: 12, seed: 7, temperature: 0 });
  const answer = await runner.finalChatCompletion();
  check('helper.text', answer.choices[0].message.content === whole, answer.choices[0].message);
  return { deltas: text([]) };
});

await scenario('stop', async () => {
  const stop = whole.slice(4, 7);
  const answer = await chat({ stop: ['never said in any story', stop] });
  const said = answer.choices[0].message.content;
  check('stop.text', said === whole.slice(0, whole.indexOf(stop)), { said, whole, stop });
  check('stop.finish', answer.choices[0].finish_reason === 'stop', answer.choices[0]);
  const streamed = text(await collect(await chat({ stop, stream: true })));
  check('stop.streamed', streamed === said, { streamed, said });
  return { stop, said };
});

await scenario('n', async () => {
  const answer = await chat({ n: 3, temperature: 1 });
  check('n.choices', answer.choices.map(c => c.index).join() === '0,1,2' && answer.choices.every(c => c.finish_reason), answer.choices);
  const chunks = await collect(await chat({ n: 3, temperature: 1, stream: true }));
  for (let i = 0; i < 3; i++) {
    check(`n.${i}`, text(chunks, i) === answer.choices[i].message.content, { streamed: text(chunks, i), whole: answer.choices[i].message.content });
    check(`n.${i}.finish`, chunks.flatMap(c => c.choices).filter(c => c.index === i).filter(c => c.finish_reason !== null).length === 1, i);
  }
  return answer.choices.map(c => c.message.content);
});

await scenario('seed', async () => {
  const [a, b] = [await chat({ temperature: 1, seed: 11 }), await chat({ temperature: 1, seed: 11 })];
  check('seed.same', a.choices[0].message.content === b.choices[0].message.content && a.system_fingerprint === b.system_fingerprint, [a.choices, b.choices]);
  const others = [];
  for (let seed = 20; seed < 24; seed++) others.push((await chat({ temperature: 1, seed })).choices[0].message.content);
  check('seed.other', new Set(others).size > 1, others);
  return { others };
});

await scenario('logprobs', async () => {
  const answer = await chat({ logprobs: true, top_logprobs: 3 });
  const tokens = answer.choices[0].logprobs.content;
  check('logprobs.each', tokens.length === answer.usage.completion_tokens && tokens.every(t => t.logprob <= 0 && Array.isArray(t.bytes) && typeof t.token === 'string' && t.top_logprobs.length === 3), tokens[0]);
  check('logprobs.order', tokens.every(t => t.top_logprobs.every((a, i, all) => i === 0 || all[i - 1].logprob >= a.logprob)), tokens[0]);
  const chunks = await collect(await chat({ logprobs: true, top_logprobs: 3, stream: true }));
  const streamed = chunks.flatMap(c => c.choices[0]?.logprobs?.content ?? []);
  check('logprobs.streamed', streamed.map(t => t.token).join('|') === tokens.map(t => t.token).join('|'), streamed.map(t => t.token));
  const plain = await chat({});
  check('logprobs.absent', plain.choices[0].logprobs === null, plain.choices[0].logprobs);
  return tokens[0];
});

await scenario('completions', async () => {
  const ask = { model, prompt: 'Once upon a time', max_tokens: 8, temperature: 0, seed: 7 };
  const answer = await client.completions.create({ ...ask, logprobs: 2, n: 2 });
  check('completions.object', answer.object === 'text_completion' && answer.id.startsWith('cmpl-') && answer.choices.length === 2, answer);
  const { tokens, token_logprobs, top_logprobs, text_offset } = answer.choices[0].logprobs;
  check('completions.logprobs', [token_logprobs, top_logprobs, text_offset].every(a => a.length === tokens.length) && text_offset[0] === 0, answer.choices[0].logprobs);
  const streamed = await collect(await client.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } }));
  check('completions.streamed', streamed.flatMap(c => c.choices).map(c => c.text).join('') === answer.choices[0].text, answer.choices[0].text);
  check('completions.usage', streamed.at(-1).choices.length === 0 && streamed.at(-1).usage.completion_tokens > 0, streamed.at(-1));
  const many = await client.completions.create({ ...ask, prompt: [[1, 2, 3], [1, 2]], echo: false });
  check('completions.tokens', many.choices.map(c => c.index).join() === '0,1', many.choices);
  const echo = await client.completions.create({ ...ask, echo: true });
  check('completions.echo', echo.choices[0].text === ask.prompt + answer.choices[0].text, echo.choices[0]);
  return answer.choices[0].text;
});

const bad = { class: 'BadRequestError', status: 400, type: 'invalid_request_error' };
await refused('unknown_model', () => chat({ model: 'no-such-model' }), { class: 'NotFoundError', status: 404, code: 'model_not_found', param: 'model' });
await refused('unknown_model_streamed', () => chat({ model: 'no-such-model', stream: true }), { class: 'NotFoundError', status: 404, code: 'model_not_found' });
await refused('empty_messages', () => chat({ messages: [] }), { ...bad, param: 'messages' });
await refused('no_tokens', () => chat({ max_tokens: 0 }), { ...bad, param: 'max_tokens' });
await refused('hot', () => chat({ temperature: 2.5, stream: true }), { ...bad, param: 'temperature', message: /2\.5/ });
await refused('tools', () => chat({ tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] }), { ...bad, code: 'unsupported_parameter', param: 'tools' });
await refused('json', () => chat({ response_format: { type: 'json_object' } }), { ...bad, code: 'unsupported_parameter', param: 'response_format' });
await refused('image', () => chat({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }] }] }), { ...bad, code: 'unsupported_parameter', param: 'messages[0].content[0]' });
await refused('lonely_options', () => chat({ stream_options: { include_usage: true } }), { ...bad, param: 'stream_options' });
await refused('lonely_top_logprobs', () => chat({ top_logprobs: 2 }), { ...bad, param: 'top_logprobs' });

await scenario('break', async () => {
  // Leaving the loop aborts the socket.
  let seen = 0;
  for await (const chunk of await chat({ stream: true, max_tokens: 400, ignore_eos: true })) {
    if (chunk.choices[0]?.delta.content && ++seen === 3) break;
  }
  check('break.seen', seen === 3, seen);
  const after = await chat({});
  check('break.after', after.choices[0].message.content === whole, after.choices[0]);
});

await scenario('abort', async () => {
  const controller = new AbortController();
  const stream = await client.chat.completions.create({ model, messages, max_tokens: 400, ignore_eos: true, stream: true, n: 4 }, { signal: controller.signal });
  let seen = 0;
  for await (const chunk of stream) {
    if (++seen === 5) controller.abort();
  }
  check('abort.seen', seen >= 5, seen);
  const after = await chat({});
  check('abort.after', after.choices[0].message.content === whole, after.choices[0]);
});

if (lost) {
  await scenario('lost', async () => {
    let said = '';
    try {
      for await (const chunk of await chat({ model: lost, stream: true })) said += chunk.choices[0].delta.content ?? '';
      check('lost', false, said);
    } catch (e) {
      check('lost.class', e instanceof OpenAI.APIError && e.code === 'region_unavailable' && e.type === 'server_error' && said.length > 0, { class: e.constructor?.name, code: e.code, message: e.message, said });
    }
  });
  await refused('lost_whole', () => chat({ model: lost }), { status: 503, code: 'region_unavailable' });
}

console.log(JSON.stringify({ client: 'openai', failures, results }, null, 2));
process.exitCode = failures.length === 0 ? 0 : 1;
