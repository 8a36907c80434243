// Sums up the TRX reports of test runs: prints what was skipped and why, refuses skips whose reason is not allowed, names the ten slowest classes,
// repeats every failure of all runs below everything else (the end of a long output is the part that is read), and ends with "N passed, N failed". Usage: summary.mjs (--run NAME RESULTS_DIR TEST_EXIT_CODE ALLOWED_SKIPS_FILE...)...
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const decode = s => s.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/&#x([0-9A-Fa-f]+);/g, (_, h) => String.fromCodePoint(parseInt(h, 16))).replace(/&amp;/g, '&');
const rules = file => readFileSync(file, 'utf8').split('\n').map(l => l.trim()).filter(l => l && !l.startsWith('#')).map(l => new RegExp(l));
const attribute = (attributes, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1];
const seconds = time => (time ?? '0:0:0').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);

function* reports(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* reports(path);
    else if (name.endsWith('.trx')) yield path;
  }
}

function sumUp(run, dir, exitCode, allowed) {
  let passed = 0, failed = 0, skipped = 0, refused = 0, files = 0;
  const reasons = new Map();
  const failures = [];
  const fail = text => { failures.push(`failed (${run}): ${text}`); };
  const classes = new Map();
  console.log(`\n${run} run:`);
  for (const file of reports(dir)) {
    files++;
    const xml = readFileSync(file, 'utf8');
    const classOf = new Map();
    for (const [, attributes, body] of xml.matchAll(/<UnitTest\b([^>]*)>([\s\S]*?)<\/UnitTest>/g)) classOf.set(attribute(attributes, 'id'), attribute(body, 'className')?.split(',')[0]);
    for (const [, attributes, body = ''] of xml.matchAll(/<UnitTestResult\b([^>]*?)(?:\/>|>([\s\S]*?)<\/UnitTestResult>)/g)) {
      const name = decode(attribute(attributes, 'testName') ?? '?');
      const outcome = attribute(attributes, 'outcome');
      const text = decode(/<Message>([\s\S]*?)<\/Message>/.exec(body)?.[1] ?? /<StdOut>([\s\S]*?)<\/StdOut>/.exec(body)?.[1] ?? '').trim();
      const type = classOf.get(attribute(attributes, 'testId')) ?? name;
      classes.set(type, (classes.get(type) ?? 0) + seconds(attribute(attributes, 'duration')));
      if (outcome === 'Passed') passed++;
      else if (outcome === 'NotExecuted' && text === '') {
        // A skipped test has a reason; this is an explicit one, which is run by its name alone.
        console.log(`explicit: ${name}`);
      } else if (outcome === 'NotExecuted') {
        skipped++;
        const ok = allowed.some(rule => rule.test(text));
        if (ok) reasons.set(text, (reasons.get(text) ?? 0) + 1);
        else {
          refused++;
          fail(`${name}: skipped for a reason that is not allowed: ${text}`);
        }
      } else {
        failed++;
        fail(`${name}: ${text.split('\n').slice(0, 12).join('\n  ')}`);
      }
    }
  }

  for (const [reason, count] of [...reasons].sort((a, b) => b[1] - a[1])) console.log(`${String(count).padStart(4)} skipped: ${reason}`);
  failed += refused;
  if (files === 0) fail(`no test reports in ${dir}: the test run itself broke`);
  if (failed === 0 && (exitCode !== '0' || passed === 0)) {
    fail(`the test run ended with exit code ${exitCode}`);
    failed = 1;
  }
  console.log(`${run}: ${passed} passed, ${failed} failed, ${skipped} skipped. The ten slowest classes, seconds in their tests:`);
  for (const [type, time] of [...classes].sort((a, b) => b[1] - a[1]).slice(0, 10)) console.log(`${time.toFixed(1).padStart(8)}  ${type}`);
  return { passed, failed, failures };
}

const total = { passed: 0, failed: 0, failures: [] };
for (const part of process.argv.slice(2).join('\0').split('--run\0').slice(1)) {
  const [name, dir, exitCode, ...files] = part.split('\0').filter(Boolean);
  const { passed, failed, failures } = sumUp(name, dir, exitCode, files.flatMap(rules));
  total.passed += passed;
  total.failed += failed;
  total.failures.push(...failures);
}

if (total.failures.length > 0) console.log(`\n${total.failures.join('\n')}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
