// Sums up the TRX reports of a test run: prints what failed and what was skipped and why, refuses skips whose reason is not allowed,
// and ends with "N passed, N failed". Usage: summary.mjs RESULTS_DIR ALLOWED_SKIPS_FILE TEST_EXIT_CODE
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const [dir, allowedFile, exitCode] = process.argv.slice(2);
const allowed = readFileSync(allowedFile, 'utf8').split('\n').map(l => l.trim()).filter(l => l && !l.startsWith('#')).map(l => new RegExp(l));
const decode = s => s.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/&#x([0-9A-Fa-f]+);/g, (_, h) => String.fromCodePoint(parseInt(h, 16))).replace(/&amp;/g, '&');

function* reports(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* reports(path);
    else if (name.endsWith('.trx')) yield path;
  }
}

let passed = 0, failed = 0, skipped = 0, refused = 0, files = 0;
for (const file of reports(dir)) {
  files++;
  const xml = readFileSync(file, 'utf8');
  for (const [, attributes, body = ''] of xml.matchAll(/<UnitTestResult\b([^>]*?)(?:\/>|>([\s\S]*?)<\/UnitTestResult>)/g)) {
    const name = decode(/testName="([^"]*)"/.exec(attributes)?.[1] ?? '?');
    const outcome = /outcome="([^"]*)"/.exec(attributes)?.[1];
    const text = decode(/<Message>([\s\S]*?)<\/Message>/.exec(body)?.[1] ?? /<StdOut>([\s\S]*?)<\/StdOut>/.exec(body)?.[1] ?? '').trim();
    if (outcome === 'Passed') passed++;
    else if (outcome === 'NotExecuted' && text === '') {
      // A skipped test has a reason; this is an explicit one, which is run by its name alone.
      console.log(`explicit: ${name}`);
    } else if (outcome === 'NotExecuted') {
      skipped++;
      const ok = allowed.some(rule => rule.test(text));
      if (!ok) refused++;
      console.log(`skipped${ok ? '' : ' (reason not allowed)'}: ${name}: ${text}`);
    } else {
      failed++;
      console.log(`failed: ${name}: ${text.split('\n').slice(0, 12).join('\n  ')}`);
    }
  }
}

if (files === 0) console.log(`no test reports in ${dir}: the test run itself broke`);
failed += refused;
if (failed === 0 && (exitCode !== '0' || passed === 0)) {
  console.log(`the test run ended with exit code ${exitCode}`);
  failed = 1;
}
console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
