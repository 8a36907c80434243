// What @huggingface/jinja makes of chat templates.
// stdin: {"cases": [{"template": "...", "messages": [...], "addGenerationPrompt": bool}]}; stdout: [{"text": "..."} or {"error": "..."}].
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.MERIDIAN_TEST_TOOLS, 'package.json'));
const { Template } = require('@huggingface/jinja');

// The day that the committed renderings tell of.
globalThis.Date = class extends Date {
  constructor(...given) {
    super(...(given.length > 0 ? given : ['2026-03-09T14:05:07']));
  }
};

const { cases } = JSON.parse(readFileSync(0, 'utf8'));
const results = cases.map(({ template, messages, addGenerationPrompt }) => {
  try {
    return {
      text: new Template(template).render({
        messages,
        add_generation_prompt: addGenerationPrompt,
        tools: null,
        bos_token: '<s>',
        eos_token: '</s>',
      }),
    };
  } catch (error) {
    return { error: error.message };
  }
});
process.stdout.write(JSON.stringify(results));
