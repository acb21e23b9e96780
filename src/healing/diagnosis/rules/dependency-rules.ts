import { certain, likely, opening, type Rule } from './rule';

const REBUILD =
  'Its native modules were built for another version of Node: run `npm rebuild` in its folder, then spawn it.';
const REINSTALL =
  'Its packages were installed on another machine: remove node_modules, install them here, then spawn it.';
const LIBRARY = 'Install the system library that is named, then spawn the agent.';
const PLATFORM = 'The program was built for another machine: install the build for this one, then spawn the agent.';
const SQLITE =
  'Its Python has an older sqlite3 than the package needs: use a newer Python or pysqlite3-binary, then spawn it.';
const BINARY = 'Two of its packages do not fit each other: reinstall them together, then spawn the agent.';
const DATA = 'Download the data that is named with the tool of its package, then spawn the agent.';
const MODEL = 'The model that it asks for does not exist there: pull it, or correct its name, then spawn the agent.';
const DRIVER = 'Install the driver of the GPU, or set the agent to use the CPU, then spawn it.';
const MODULE_KIND =
  'Node reads the file as another kind of module than it is: correct "type" in package.json or its extension.';

/** Packages, libraries, data and models that are missing or do not fit. */
export const DEPENDENCY_RULES: readonly Rule[] = [
  // Libraries of the system. They come first, as importing a package reports them too.
  certain(
    'missing-dependency',
    'shared-library',
    /\berror while loading shared libraries\b|\bcannot open shared object file\b|\bLibrary not loaded: |\bError loading shared library \S|\bcannot load library '|\bundefined symbol: /,
    { advice: LIBRARY },
  ),
  certain('missing-dependency', 'library-version', /\b(?:GLIBC|GLIBCXX|CXXABI|OPENSSL)_[\d.]{1,10}' not found\b/, {
    advice: LIBRARY,
  }),
  certain(
    'missing-dependency',
    'platform',
    /\bcannot execute binary file\b|\bExec format error\b|\bexec format error\b|\bbad CPU type in executable\b|\bwrong ELF class\b|\b(?:have|need) incompatible architecture\b|\bincompatible architecture \(/,
    { advice: PLATFORM },
  ),
  likely('missing-dependency', 'illegal-instruction', /^(?:\S{1,200}: .{0,200})?Illegal instruction\b/, {
    advice: PLATFORM,
  }),
  likely(
    'missing-dependency',
    'gpu-driver',
    /\bFound no NVIDIA driver\b|\bno CUDA-capable device is detected\b|\bCUDA driver version is insufficient\b|\bno kernel image is available for execution\b/,
    { advice: DRIVER },
  ),

  // Python
  certain(
    'missing-dependency',
    'python-module',
    /^(?:.{0,80}: )?ModuleNotFoundError: No module named |^\S{0,200}python[\d.]{0,6}(?:\.exe)?: No module named (?!.{1,80}\.__main__)(?!.{1,80} is a package)/,
  ),
  likely('missing-dependency', 'python-module-words', opening(/No module named ['"]?[\w.]{1,80}['"]?$/)),
  certain(
    'configuration',
    'python-relative-import',
    /^ImportError: attempted relative import (?:with no known parent package|beyond top-level package)/,
    {
      advice: 'Its entry point belongs to a package: run it by a script outside of the package, then spawn the agent.',
    },
  ),
  certain(
    'missing-dependency',
    'python-import',
    /^(?:.{0,80}: )?ImportError: (?!.{0,300}(?:partially initialized module|attempted relative import))/,
  ),
  certain(
    'missing-dependency',
    'python-distribution',
    /\b(?:importlib\.metadata|pkg_resources)\.(?:DistributionNotFound|PackageNotFoundError|VersionConflict|ContextualVersionConflict)\b/,
  ),
  certain('missing-dependency', 'python-sqlite', /\bunsupported version of sqlite3\b/, { advice: SQLITE }),
  certain(
    'missing-dependency',
    'python-binary',
    /\bnumpy\.dtype size changed\b|\bcompiled using NumPy 1\.x cannot be run in\b|\bcompiled against (?:ABI|API) version\b/,
    { advice: BINARY },
  ),
  certain(
    'missing-dependency',
    'language-data',
    /^Please use the NLTK Downloader\b|\[E050\] Can't find model '|^OSError: .{0,60}Can't find model '/,
    { advice: DATA },
  ),

  // Node, Bun, Deno
  certain(
    'missing-dependency',
    'node-module-version',
    /\bwas compiled against a different Node\.js version\b|\bNODE_MODULE_VERSION \d{1,4}\b/,
    { advice: REBUILD },
  ),
  certain(
    'missing-dependency',
    'node-platform-package',
    /\bCannot find module @?[\w/'-]{1,60}-(?:linux|darwin|win32)-|\bCould not load the "sharp" module\b|\bYou installed esbuild for another platform\b/,
    { advice: REINSTALL },
  ),
  certain('missing-dependency', 'node-dlopen', /\bERR_DLOPEN_FAILED\b/, { advice: REBUILD }),
  certain('entry-point-missing', 'node-entry-point', /\bCannot find module '\/[^']{1,400}'$/, {
    frame: /\bexecuteUserEntryPoint\b/,
  }),
  certain(
    'configuration',
    'node-module-kind',
    /\bERR_REQUIRE_ESM\b|\bERR_UNKNOWN_FILE_EXTENSION\b|\bCannot use import statement outside a module\b|\brequire is not defined in ES module scope\b/,
    { advice: MODULE_KIND },
  ),
  certain(
    'missing-dependency',
    'node-module',
    /\b(?:Error|error|ResolveMessage)(?: \[\w{1,40}\])?: Cannot find (?:module|package) ['"]|^code: '(?:ERR_)?MODULE_NOT_FOUND'|^Cannot find (?:module|package) '[^']{1,300}'$/,
  ),
  certain(
    'missing-dependency',
    'node-export',
    /\bERR_PACKAGE_PATH_NOT_EXPORTED\b|\bThe requested module '[^']{1,300}' does not provide an export named\b/,
  ),
  certain('missing-dependency', 'bun-module', /^error: Could not resolve: "/),
  certain('missing-dependency', 'deno-module', /\bRelative import path "[^"]{1,200}" not prefixed\b/),
  certain(
    'missing-dependency',
    'prisma-client',
    /@prisma\/client did not initialize yet|\bPrisma Client could not locate the Query Engine\b/,
  ),

  // Models
  likely(
    'missing-dependency',
    'ollama-model',
    /\bmodel ['"][\w.:/-]{1,80}['"] not found\b|\bnot found, try pulling it first\b/,
    { advice: MODEL },
  ),
  likely(
    'missing-dependency',
    'model-missing',
    /\bmodel_not_found\b|\bmodel_decommissioned\b|\bThe model `[^`]{1,80}` (?:does not exist|has been decommissioned)\b|\bDeploymentNotFound\b|\bmodels\/[\w.-]{1,80} is not found for API version\b|'message': 'model: [\w.-]{1,80}'|"message":"model: [\w.-]{1,80}"/,
    { advice: MODEL },
  ),
  likely('missing-dependency', 'model-repository', /\bRepositoryNotFoundError\b|\bRevisionNotFoundError\b/, {
    advice: MODEL,
  }),
  likely(
    'missing-dependency',
    'model-file',
    /\bModel path does not exist: |\bllama_model_load\w{0,20}: error loading model\b|\bfailed to load model\b.{0,20}\.gguf\b/,
    { advice: MODEL },
  ),
];
