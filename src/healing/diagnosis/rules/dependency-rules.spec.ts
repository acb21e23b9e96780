import { checkRows, node, python } from '../../../../test/support/rule-samples';
import { DEPENDENCY_RULES } from './dependency-rules';

const ENTRY = `node:internal/modules/cjs/loader:1143
  throw err;
  ^

Error: Cannot find module '/srv/agent/index.js'
    at Module._resolveFilename (node:internal/modules/cjs/loader:1140:15)
    at Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:128:12)
    at node:internal/main/run_main_module:28:49 {
  code: 'MODULE_NOT_FOUND',
  requireStack: []
}

Node.js v22.11.0
`;

describe('the table of dependencies that are missing', () => {
  checkRows(DEPENDENCY_RULES, {
    'shared-library': [
      'missing-dependency certain',
      python('ImportError: libGL.so.1: cannot open shared object file: No such file or directory'),
      './agent: error while loading shared libraries: libssl.so.1.1: cannot open shared object file: No such file or directory\n',
      node(
        'Error: Failed to launch the browser process!\n/srv/chrome: error while loading shared libraries: libnss3.so: cannot open shared object file: No such file or directory',
      ),
      python("OSError: cannot load library 'gobject-2.0-0': gobject-2.0-0: cannot open shared object file"),
      'dyld[812]: Library not loaded: @rpath/libfoo.dylib\n',
      'Error loading shared library libssl.so.3: No such file or directory (needed by ./agent)\n',
    ],
    'library-version': [
      'missing-dependency certain',
      "./agent: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by ./agent)\n",
      python("ImportError: /usr/lib/libstdc++.so.6: version `GLIBCXX_3.4.29' not found (required by /srv/x.so)"),
    ],
    platform: [
      'missing-dependency certain',
      'bash: ./agent: cannot execute binary file: Exec format error\n',
      'exec /agent: exec format error\n',
      python(
        "ImportError: dlopen(/srv/x.so, 0x0002): tried: '/srv/x.so' (mach-o file, but is an incompatible architecture (have 'x86_64', need 'arm64'))",
      ),
    ],
    'illegal-instruction': [
      'missing-dependency likely',
      'Illegal instruction (core dumped)\n',
      './run.sh: line 2:   812 Illegal instruction     ./agent\n',
    ],
    'gpu-driver': [
      'missing-dependency likely',
      python('RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU.'),
      python('RuntimeError: CUDA error: no kernel image is available for execution on the device'),
    ],
    'python-module': [
      'missing-dependency certain',
      python("ModuleNotFoundError: No module named 'openai'"),
      "Failed to start: ModuleNotFoundError: No module named 'openai'\n",
      '/usr/bin/python3: No module named uvicorn\n',
    ],
    'python-module-words': ['missing-dependency likely', "ERROR: Import failed: No module named 'openai'\n"],
    'python-relative-import': [
      'configuration certain',
      python('ImportError: attempted relative import with no known parent package'),
    ],
    'python-import': [
      'missing-dependency certain',
      python(
        "ImportError: cannot import name 'OpenAI' from 'openai' (/srv/.venv/lib/python3.11/site-packages/openai/__init__.py)",
      ),
      python('ImportError: Using the `socks` proxy requires `httpx[socks]`.'),
    ],
    'python-distribution': [
      'missing-dependency certain',
      python('importlib.metadata.PackageNotFoundError: No package metadata was found for agent'),
      python("pkg_resources.DistributionNotFound: The 'openai>=1' distribution was not found and is required by agent"),
    ],
    'python-sqlite': [
      'missing-dependency certain',
      python('RuntimeError: Your system has an unsupported version of sqlite3. Chroma requires sqlite3 >= 3.35.0.'),
    ],
    'python-binary': [
      'missing-dependency certain',
      python(
        'ValueError: numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header, got 88 from PyObject',
      ),
    ],
    'language-data': [
      'missing-dependency certain',
      python(
        "OSError: [E050] Can't find model 'en_core_web_sm'. It doesn't seem to be a Python package or a valid path.",
      ),
      python(
        'LookupError: \n**********************************************************************\n  Resource punkt not found.\n  Please use the NLTK Downloader to obtain the resource:',
      ),
    ],
    'node-module-version': [
      'missing-dependency certain',
      node(
        "Error: The module '/srv/node_modules/better-sqlite3/build/Release/better_sqlite3.node'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 115. This version of Node.js requires\nNODE_MODULE_VERSION 127.",
        "code: 'ERR_DLOPEN_FAILED'",
      ),
    ],
    'node-platform-package': [
      'missing-dependency certain',
      node('Error: Cannot find module @rollup/rollup-linux-x64-gnu. npm has a bug related to optional dependencies.'),
      node('Error: Could not load the "sharp" module using the linux-x64 runtime'),
    ],
    'node-dlopen': [
      'missing-dependency certain',
      node('Error: /srv/node_modules/x/x.node: invalid ELF header', "code: 'ERR_DLOPEN_FAILED'"),
    ],
    'node-entry-point': ['entry-point-missing certain', ENTRY],
    'node-module-kind': [
      'configuration certain',
      node(
        'Error [ERR_REQUIRE_ESM]: require() of ES Module /srv/node_modules/chalk/index.js from /srv/index.js not supported.',
        "code: 'ERR_REQUIRE_ESM'",
      ),
      '(node:812) Warning: To load an ES module, set "type": "module" in the package.json\n/srv/index.js:1\nimport x from \'x\';\n^^^^^^\n\nSyntaxError: Cannot use import statement outside a module\n    at wrapSafe (node:internal/modules/cjs/loader:1378:20)\n\nNode.js v20.11.0\n',
      node(
        'TypeError [ERR_UNKNOWN_FILE_EXTENSION]: Unknown file extension ".ts" for /srv/index.ts',
        "code: 'ERR_UNKNOWN_FILE_EXTENSION'",
      ),
    ],
    'node-module': [
      'missing-dependency certain',
      node("Error: Cannot find module 'express'\nRequire stack:\n- /srv/agent/index.js", "code: 'MODULE_NOT_FOUND'"),
      node(
        "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'undici' imported from /srv/index.js",
        "code: 'ERR_MODULE_NOT_FOUND'",
      ),
      "error: Cannot find package 'express' from '/home/bun/app/src/index.js'\n\nBun v1.2.23 (Linux x64)\n",
    ],
    'node-export': [
      'missing-dependency certain',
      node("SyntaxError: The requested module 'openai' does not provide an export named 'Configuration'"),
      node(
        'Error [ERR_PACKAGE_PATH_NOT_EXPORTED]: Package subpath \'./lib/x\' is not defined by "exports" in /srv/node_modules/x/package.json',
      ),
    ],
    'bun-module': [
      'missing-dependency certain',
      'error: Could not resolve: "openai". Maybe you need to "bun install"?\n',
    ],
    'deno-module': [
      'missing-dependency certain',
      'error: Relative import path "express" not prefixed with / or ./ or ../\n    at file:///srv/main.ts:1:21\n',
    ],
    'prisma-client': [
      'missing-dependency certain',
      node('Error: @prisma/client did not initialize yet. Please run "prisma generate" and try to import it again.'),
    ],
    'ollama-model': [
      'missing-dependency likely',
      python("ollama._types.ResponseError: model 'llama3' not found (status code: 404)"),
      node('ResponseError: model "llama3" not found, try pulling it first'),
    ],
    'model-missing': [
      'missing-dependency likely',
      python(
        "openai.NotFoundError: Error code: 404 - {'error': {'message': 'The model `gpt-9` does not exist or you do not have access to it.', 'code': 'model_not_found'}}",
      ),
      python(
        "anthropic.NotFoundError: Error code: 404 - {'type': 'error', 'error': {'type': 'not_found_error', 'message': 'model: claude-9'}}",
      ),
      python(
        "openai.NotFoundError: Error code: 404 - {'error': {'code': 'DeploymentNotFound', 'message': 'The API deployment for this resource does not exist.'}}",
      ),
      node('Error: [GoogleGenerativeAI Error]: models/gemini-9 is not found for API version v1beta'),
      python(
        "groq.BadRequestError: Error code: 400 - {'error': {'message': 'The model `x` has been decommissioned', 'code': 'model_decommissioned'}}",
      ),
    ],
    'model-repository': [
      'missing-dependency likely',
      python('huggingface_hub.errors.RepositoryNotFoundError: 401 Client Error. (Request ID: Root=1-0)'),
    ],
    'model-file': ['missing-dependency likely', python('ValueError: Model path does not exist: ./models/llama.gguf')],
  });
});
