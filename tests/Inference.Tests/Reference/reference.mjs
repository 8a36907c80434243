// The vectors that onnxruntime-node gives for texts tokenized by @huggingface/tokenizers: an implementation of everything but the model that is not ours.
// stdin: {"model": path, "vocabulary": path, "maxTokens": n, "texts": [...]}; texts are base64 of UTF-16LE, so that unpaired surrogates arrive as they are.
// stdout: {"items": [{"ids": [...], "vector": base64 of float32}]}. Every text is run alone, without padding.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.MERIDIAN_TEST_TOOLS, 'package.json'));
const { Tokenizer } = require('@huggingface/tokenizers');
const ort = require('onnxruntime-node');

const request = JSON.parse(readFileSync(0, 'utf8'));

// bert-base-uncased, from the vocabulary alone.
const vocabulary = readFileSync(request.vocabulary, 'utf8').split(/\r?\n/);
if (vocabulary.at(-1) === '') vocabulary.pop();
const vocab = Object.fromEntries(vocabulary.map((token, id) => [token, id]));
const special = (content) => ({ id: vocab[content], content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true });
const tokenizer = new Tokenizer(
  {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].map(special),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: ['[SEP]', vocab['[SEP]']], cls: ['[CLS]', vocab['[CLS]']] },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab },
  },
  { do_lower_case: true, unk_token: '[UNK]', sep_token: '[SEP]', pad_token: '[PAD]', cls_token: '[CLS]', mask_token: '[MASK]' },
);

// BERT puts spaces around every CJK ideograph (google-research/bert, tokenization.py, _is_chinese_char). @huggingface/tokenizers 0.2.0 looks at UTF-16 code
// units there, so it misses those beyond U+FFFF; here they get theirs.
const separated = (text) => text.replace(/[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B820}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu, ' $& ');

const session = await ort.InferenceSession.create(request.model, { intraOpNumThreads: 1, interOpNumThreads: 1 });

async function embed(ids) {
  const shape = [1, ids.length];
  const tensor = (values) => new ort.Tensor('int64', BigInt64Array.from(values, BigInt), shape);
  const { last_hidden_state: hidden } = await session.run({
    input_ids: tensor(ids),
    attention_mask: tensor(ids.map(() => 1)),
    token_type_ids: tensor(ids.map(() => 0)),
  });
  const width = hidden.dims[2];
  const sum = new Float64Array(width);
  for (let i = 0; i < hidden.data.length; i++) sum[i % width] += hidden.data[i];
  const mean = sum.map((value) => value / ids.length);
  const norm = Math.hypot(...mean);
  return Float32Array.from(mean, (value) => value / norm);
}

const items = [];
for (const encoded of request.texts) {
  const text = separated(Buffer.from(encoded, 'base64').toString('utf16le'));
  let { ids } = tokenizer.encode(text);
  if (ids.length > request.maxTokens) ids = [...ids.slice(0, request.maxTokens - 1), vocab['[SEP]']];
  const vector = await embed(ids);
  items.push({ ids, vector: Buffer.from(vector.buffer).toString('base64') });
}
process.stdout.write(JSON.stringify({ items }));
