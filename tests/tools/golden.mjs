// Records what a decoder says greedily, by a runtime and a tokenizer that are not ours: onnxruntime-node and @huggingface/tokenizers.
//   node tests/tools/golden.mjs models/stories > models/stories/GOLDEN.json
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const ort = require('onnxruntime-node');
const { Tokenizer } = require('@huggingface/tokenizers');

const folder = process.argv[2];
const read = name => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const config = read('config.json');
const ends = [read('generation_config.json').eos_token_id].flat();
const tokenizer = new Tokenizer(read('tokenizer.json'), read('tokenizer_config.json'));
const session = await ort.InferenceSession.create(join(folder, 'onnx', 'model.onnx'), { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
const heads = config.num_key_value_heads;
const dimension = config.head_dim ?? config.hidden_size / config.num_attention_heads;

const whole = (values, shape) => new ort.Tensor('int64', BigInt64Array.from(values, BigInt), shape);

async function greedy(prompt, most, stops) {
  let past = Object.fromEntries(session.inputNames.filter(name => name.startsWith('past')).map(name => [name, new ort.Tensor('float32', new Float32Array(0), [1, heads, 0, dimension])]));
  const generated = [];
  let margin = { gap: Infinity, at: -1 };
  for (let ids = prompt, length = 0; ; ids = [generated.at(-1)]) {
    const feeds = { ...past, input_ids: whole(ids, [1, ids.length]), attention_mask: whole(Array(length + ids.length).fill(1), [1, length + ids.length]) };
    if (session.inputNames.includes('position_ids')) feeds.position_ids = whole(ids.map((_, i) => length + i), [1, ids.length]);
    const results = await session.run(feeds);
    length += ids.length;
    const logits = results.logits.data.subarray(results.logits.data.length - config.vocab_size);
    let best = 0, second = -1;
    for (let id = 1; id < logits.length; id++) {
      if (logits[id] > logits[best]) [best, second] = [id, best];
      else if (second < 0 || logits[id] > logits[second]) second = id;
    }
    if (logits[best] - logits[second] < margin.gap) margin = { gap: logits[best] - logits[second], at: generated.length };
    generated.push(best);
    past = Object.fromEntries(Object.keys(past).map(name => [name, results[name.replace('past_key_values.', 'present.')]]));
    if (length >= most || (stops && ends.includes(best))) return { generated, margin };
  }
}

async function record(text, most, stops) {
  const ids = tokenizer.encode(text).ids;
  const { generated, margin } = await greedy(ids, most, stops);
  const full = tokenizer.decode([...ids, ...generated], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
  return {
    prompt: text, prompt_ids: ids, generated_ids: generated, generated_text: full.slice(text.length), full_text: full,
    smallest_top2_margin: Number(margin.gap.toPrecision(3)), smallest_top2_margin_position: margin.at,
  };
}

const prompts = ['Once upon a time', 'One day, Tim', 'The big red dog', '', 'Lily and Ben', 'A little bird'];
const texts = [...prompts, 'Hello world', 'Once upon a time, there was a little girl named Lily.', '"No!" said the cat.\n\nThe end.', 'naïve café', '日本語 🙂', '  two  spaces  ', '1234567890'];
const cases = [];
for (const prompt of prompts) cases.push(await record(prompt, 128, false));
const stories = [];
for (const prompt of prompts.slice(0, 4)) stories.push(await record(prompt, config.max_position_embeddings, true));
console.log(JSON.stringify({
  model: 'onnx/model.onnx',
  tool: `onnxruntime-node ${ort.env.versions?.node ?? ''} (CPU, one thread, a token a step) with @huggingface/tokenizers; tests/tools/golden.mjs`,
  decoding: { strategy: 'greedy (argmax)', positions: 128, note: 'smallest_top2_margin: the smallest gap between the best and the second best logit, at that position among the generated ids' },
  cases,
  to_end_of_story: { note: 'with the id that ends the story', cases: stories },
  tokenizer: { note: 'ids from @huggingface/tokenizers', cases: texts.map(text => ({ text, ids: tokenizer.encode(text).ids })) },
}, null, 1));
