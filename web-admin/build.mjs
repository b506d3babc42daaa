// Builds the console into the folder that Maven packs. Called by the Maven build; does nothing when nothing has changed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const home = dirname(fileURLToPath(import.meta.url));
const output = join(home, '..', 'target', 'classes', 'console');
const stamp = join(home, '..', 'target', 'console.stamp');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`The console needs Node 20 or newer to be built; this is ${process.version}.`);
  process.exit(1);
}

function filesOf(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules')
    .flatMap((entry) => (entry.isDirectory() ? filesOf(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}

function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(relative(home, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

const wanted = digestOf(filesOf(home));
if (existsSync(join(output, 'files.txt')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) process.exit(0);

const lock = join(home, 'package-lock.json');
const installed = join(home, 'node_modules', '.package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  execFileSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: home, stdio: 'inherit' });
}
execFileSync(process.execPath, [join(home, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn'], {
  cwd: home,
  stdio: 'inherit',
});

// What the server serves, and its compressed form.
const built = filesOf(output);
for (const file of built) {
  const plain = readFileSync(file);
  const zipped = gzipSync(plain, { level: 9 });
  if (zipped.length < plain.length) writeFileSync(file + '.gz', zipped);
}
writeFileSync(join(output, 'files.txt'), built.map((file) => relative(output, file).split('\\').join('/') + '\n').join(''));
writeFileSync(stamp, wanted);
