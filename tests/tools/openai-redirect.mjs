// The official `openai` client against an edge that sends it elsewhere: node openai-redirect.mjs BASE_URL MODEL
// Fails unless the answer came, streamed and whole, although every request was redirected with its body.
import { createRequire } from 'node:module';
import path from 'node:path';

const [baseURL, model] = process.argv.slice(2);
const tools = process.env.MERIDIAN_TEST_TOOLS ?? import.meta.dirname;
const { OpenAI } = createRequire(path.join(tools, 'package.json'))('openai');
const client = new OpenAI({ baseURL, apiKey: 'any-key-will-do-on-loopback', maxRetries: 0, timeout: 20_000, defaultHeaders: { 'x-meridian-residency': 'eu' } });
const request = { model, messages: [{ role: 'user', content: 'Where does this go?' }] };

const whole = await client.chat.completions.create(request);
let streamed = '';
for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) streamed += chunk.choices[0]?.delta?.content ?? '';
if (!whole.choices[0].message.content || !streamed) {
  console.error(JSON.stringify({ whole, streamed }));
  process.exit(1);
}
