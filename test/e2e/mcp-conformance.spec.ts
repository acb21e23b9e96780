import { spawn } from 'node:child_process';
import path from 'node:path';
import { startFixtureServer } from '../support/mcp-fixture-server';
import { OPERATOR_TOKEN, makeService, type TestService } from '../support/service';
import { makeTempFolder } from '../support/temp-folder';
import { startTokenProxy } from '../support/token-proxy';

const ROOT = path.resolve(__dirname, '../..');
const SUITE = path.join(ROOT, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
const HOOKS = path.join(ROOT, 'test/support/conformance-hooks.mjs');
const BASELINES = path.join(ROOT, 'test/fixtures/mcp');
const REVISIONS = ['2025-11-25', '2026-07-28'] as const;

/**
 * Runs what a revision of the protocol requires of a server. Fails for each failure that the baseline does not name, and
 * for each entry of the baseline that no longer fails.
 */
async function runSuite(url: string, revision: string, baseline: string): Promise<void> {
  const folder = makeTempFolder();
  const child = spawn(
    process.execPath,
    [
      ...['--import', HOOKS, SUITE, 'server', '--url', url, '--requirements', revision, '--output-dir', folder.root],
      ...['--expected-failures', path.join(BASELINES, `${baseline}-${revision}.yml`)],
    ],
    { cwd: folder.root, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  folder.remove();
  if (code !== 0) throw new Error(`the suite ended with ${code}: ${said.slice(said.lastIndexOf('=== SUMMARY'))}`);
}

/** Runs both revisions at once: most of the time the suite waits. */
async function runBoth(url: string, baseline: string): Promise<void> {
  await Promise.all(REVISIONS.map((revision) => runSuite(url, revision, baseline)));
}

it('the transport conforms to both revisions, with the tools that the suite wants', async () => {
  const fixture = await startFixtureServer();
  try {
    await runBoth(fixture.url, 'fixture');
  } finally {
    await fixture.close();
  }
});

describe('the endpoint of the service', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await makeService();
  });
  afterAll(async () => {
    await service.destroy();
  });

  it('conforms to both revisions, but for tools, prompts and features that it does not have', async () => {
    const proxy = await startTokenProxy(service.url, OPERATOR_TOKEN);
    try {
      await runBoth(proxy.url, 'service');
    } finally {
      await proxy.close();
    }
  });
});
