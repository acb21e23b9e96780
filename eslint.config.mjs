import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Decisions. They use no clock, randomness, system call or framework: callers pass all of it in. */
const PURE = [
  'src/kernel/**/*.ts',
  'src/healing/machine/**/*.ts',
  'src/circuit/transitions.ts',
  'src/processes/launch/agent-environment.ts',
  'src/processes/port-holder/lsof-format.ts',
  'src/processes/port-holder/program-name.ts',
  'src/processes/port-holder/tcp-table.ts',
  'src/processes/process-table/proc-format.ts',
  'src/processes/process-table/ps-format.ts',
  'src/persistence/network-file-system.ts',
  'src/processes/pm2/event-decoder.ts',
  'src/registry/definition-rules.ts',
  'src/registry/agent-patch.ts',
  'src/auth/principal.ts',
  'src/auth/host-check.ts',
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'data/', 'coverage/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreVoidReturningFunctions: true }],
      // Nest's modules and the classes of nestjs-zod consist only of decorators and schemas.
      '@typescript-eslint/no-extraneous-class': 'off',
      // Nest declares its option bags as classes.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'max-lines': ['error', { max: 220 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MethodDefinition[kind="constructor"] > FunctionExpression[params.length>6]',
          message: 'A class with more than six dependencies does too much.',
        },
      ],
      complexity: ['error', 18],
    },
  },
  {
    files: PURE,
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        'process',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'performance',
        'crypto',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Pass randomness in.' },
        { object: 'Date', property: 'now', message: 'Pass time in.' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'Pass time in.' },
      ],
      'no-restricted-imports': ['error', { patterns: ['node:*', '@nestjs/*'] }],
    },
  },
  {
    files: ['test/**/*.ts', '**/*.spec.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'max-lines-per-function': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    rules: { 'max-lines': ['error', { max: 220 }] },
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        performance: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        module: 'writable',
        require: 'readonly',
        __dirname: 'readonly',
        fetch: 'readonly',
        AbortSignal: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
      },
    },
  },
);
