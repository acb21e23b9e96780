'use strict';

/** The house of docs/architecture.md: imports point to the left only; those of one rank never import each other. */
const RANKS = [
  ['kernel'],
  ['config'],
  ['persistence'],
  ['mirror', 'events', 'notifications'],
  ['registry', 'processes', 'circuit'],
  ['health'],
  ['healing'],
  ['launcher', 'capabilities', 'cards'],
  ['auth'],
  ['api', 'mcp', 'dashboard'],
];

const layers = RANKS.flatMap((rank, index) => {
  const forbidden = RANKS.slice(index).flat();
  return rank.map((name) => ({
    name: `${name}-imports-left-only`,
    severity: 'error',
    from: { path: `^src/${name}/`, pathNot: '\\.spec\\.ts$' },
    to: { path: `^src/(?:${forbidden.filter((other) => other !== name).join('|') || 'nothing'})/` },
  }));
});

const MODULES = RANKS.flat().join('|');

module.exports = {
  forbidden: [
    ...layers,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'by-the-face-only',
      comment: 'Another module is imported by its index.ts, or by its read-only.ts.',
      severity: 'error',
      from: { path: `^src/(${MODULES})/`, pathNot: '\\.spec\\.ts$' },
      to: { path: `^src/(?:${MODULES})/`, pathNot: ['^src/$1/', '^src/[^/]+/(?:index|read-only)\\.ts$'] },
    },
    {
      name: 'machine-by-its-face',
      severity: 'error',
      from: { path: '^src/healing/(?!machine/)', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/healing/machine/', pathNot: '^src/healing/machine/index\\.ts$' },
    },
    {
      name: 'nothing-above-imports-the-root',
      severity: 'error',
      from: { path: `^src/(?:${MODULES})/` },
      to: { path: ['^src/[^/]+\\.ts$', '^src/cli/'] },
    },
    {
      name: 'no-tests-in-the-product',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(?:test|bench)/|\\.spec\\.ts$' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        path: '^src/',
        pathNot: ['\\.d\\.ts$', '\\.spec\\.ts$', '^src/main\\.ts$', '^src/cli/'],
      },
      to: {},
    },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'Some programs among the fixtures fail because a package is missing.',
      severity: 'error',
      from: { pathNot: '^test/fixtures/' },
      to: { couldNotResolve: true, pathNot: '^pm2/modules/' },
    },
    {
      name: 'only-healing-acts-on-processes',
      comment:
        'Other modules import read-only.ts. The shutdown closes the port, and the uninstallation kills every agent.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['^src/(?:healing|processes)/', '^src/start-order\\.ts$', '^src/cli/uninstall\\.ts$', '\\.spec\\.ts$'],
      },
      to: { path: '^src/processes/', pathNot: '^src/processes/read-only\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.check.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
