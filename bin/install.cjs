'use strict';

/**
 * Brings the npm packages, and Node 26 among them, when they are not there. `npm start` and `npm test` run this first, so
 * it has to work with any Node since 12 and with nothing installed; when all is there it costs one look at two files.
 */

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const NODE_MAJOR = 26;

/**
 * Whether node_modules holds what package-lock.json asks for. npm writes its own record of what it installed as the last
 * thing, so a broken-off installation, a lock file that changed since, and a developer's `npm install` are all seen.
 */
function isInstalled(root) {
  const wanted = packagesOf(path.join(root, 'package-lock.json'));
  const found = packagesOf(path.join(root, 'node_modules', '.package-lock.json'));
  const ownNode = `node_modules/node-${process.platform}-${process.arch}`;

  return Object.keys(wanted).every((name) => {
    if (found[name] !== undefined) return found[name].version === wanted[name].version;
    if (name === ownNode) return isNewEnough(process.version);
    return name === '' || wanted[name].optional === true;
  });
}

/** The part of a lock file that says which package stands where; nothing when there is no such file. */
function packagesOf(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

function install(root) {
  console.log(`Installing Node ${NODE_MAJOR} and the npm packages: some 20 seconds, once.`);
  const npm = runNpm(root, [
    'ci',
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--engine-strict=false', // The Node that runs npm here may be older than the packages ask for: they never see it.
    '--loglevel=error',
    '--no-audit',
    '--no-fund',
    '--no-progress',
  ]);
  if (npm.error !== undefined) fail(`npm cannot be run: ${npm.error.message}`);
  if (npm.status !== 0) {
    process.stderr.write(npm.stderr + npm.stdout);
    fail(`npm ci failed (see above); it needs npm 7 or newer and a way to the npm registry`);
  }
}

/** By the npm that runs us, where there is one: its own Node runs it, also while `node_modules/.bin/node` is replaced. */
function runNpm(root, args) {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 };
  const { npm_execpath: cli, npm_node_execpath: node } = process.env;
  if (node !== undefined && cli !== undefined && path.basename(cli) === 'npm-cli.js') {
    return spawnSync(node, [cli].concat(args), options);
  }
  return spawnSync('npm', args, options);
}

/** npm's Node may be missing (no package for this platform) or not run here (another libc): then the system's must do. */
function settleNode(root) {
  const own = path.join(root, 'node_modules', '.bin', 'node');
  if (isNewEnough(spawnSync(own, ['--version'], { encoding: 'utf8' }).stdout)) return;
  if (fs.existsSync(own)) fs.unlinkSync(own);
  requireNode(root);
}

function requireNode(root) {
  if (fs.existsSync(path.join(root, 'node_modules', '.bin', 'node')) || isNewEnough(process.version)) return;
  fail(
    `Portico needs Node ${NODE_MAJOR}, and npm has none that runs on this ${process.platform}-${process.arch} machine: ` +
      `install it from nodejs.org (this is Node ${process.version})`,
  );
}

function isNewEnough(version) {
  const match = /^v(\d+)\./.exec(version);
  return match !== null && Number(match[1]) >= NODE_MAJOR;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

module.exports = { isInstalled };

if (require.main === module) {
  const root = path.dirname(__dirname);
  if (isInstalled(root)) {
    requireNode(root);
  } else {
    install(root);
    settleNode(root);
  }
}
