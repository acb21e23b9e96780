'use strict';

/** The house of docs/architecture.md: imports point to the left only; those of one rank never import each other. */
const RANKS = [
  ['kernel'],
  ['config'],
  ['persistence'],
  ['events', 'notifications'],
  ['registry', 'runtime', 'circuit'],
  ['health'],
  ['healing'],
  ['launcher', 'capabilities'],
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
      comment: 'Another module is imported by its index.ts.',
      severity: 'error',
      from: { path: `^src/(${MODULES})/`, pathNot: '\\.spec\\.ts$' },
      to: { path: `^src/(?:${MODULES})/`, pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
    },
    {
      name: 'machine-by-its-face',
      severity: 'error',
      from: { path: '^src/healing/[^/]+\\.ts$', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/healing/machine/', pathNot: '^src/healing/machine/index\\.ts$' },
    },
    {
      name: 'nothing-above-imports-the-root',
      severity: 'error',
      from: { path: `^src/(?:${MODULES})/` },
      to: { path: '^src/[^/]+\\.ts$' },
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
        pathNot: ['\\.d\\.ts$', '\\.spec\\.ts$', '^src/main\\.ts$', '^src/(?:uninstall|backup|restore-backup)\\.ts$'],
      },
      to: {},
    },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^pm2/modules/' } },
    {
      name: 'only-healing-acts-on-processes',
      comment: 'Others get a reader.',
      severity: 'error',
      from: { path: '^src/(?:launcher|capabilities|auth|api|mcp|dashboard)/' },
      to: { path: '^src/runtime/process-runtime' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.check.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
