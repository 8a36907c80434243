// What @huggingface/tokenizers makes of texts, and back.
// stdin: {"tokenizer": "tokenizer.json's text", "texts": [...]}; stdout: [{"ids": [...], "text": "..."}], without special tokens around.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.MERIDIAN_TEST_TOOLS, 'package.json'));
const { Tokenizer } = require('@huggingface/tokenizers');

const request = JSON.parse(readFileSync(0, 'utf8'));
const tokenizer = new Tokenizer(JSON.parse(request.tokenizer), { clean_up_tokenization_spaces: false });
process.stdout.write(JSON.stringify(request.texts.map((text) => {
  const { ids } = tokenizer.encode(text, { add_special_tokens: false });
  return { ids, text: ids.length === 0 ? '' : tokenizer.decode(ids, { skip_special_tokens: true }) };
})));
