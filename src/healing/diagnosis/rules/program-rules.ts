import { certain, likely, type Rule } from './rule';

const BROWSER =
  'Install the browser that it drives (`playwright install`, `npx puppeteer browsers install`), then spawn it.';
const DRIVER = 'Its browser and the driver of it have different versions: update the driver, then spawn the agent.';
const EXECUTABLE = 'Make the file executable (`chmod +x`), or set an interpreter, then spawn the agent.';

/** Interpreters, entry points, commands and browsers that are missing, and packages of compiled languages. */
export const PROGRAM_RULES: readonly Rule[] = [
  // The interpreter, or the entry point itself
  certain(
    'interpreter-missing',
    'bad-interpreter',
    /: bad interpreter: |\bcannot execute: required file not found\b|^(?:\/usr\/bin\/)?env: ['‘]?\S{1,80}['’]?: No such file or directory/,
  ),
  certain(
    'entry-point-missing',
    'python-entry-point',
    /: can't open file '.{1,400}': \[Errno 2\]|: can't find '__main__' module in '|: No module named \S{1,80}\.__main__|: '\S{1,80}' is a package and cannot be directly executed/,
  ),
  certain(
    'entry-point-missing',
    'package-script',
    /\bMissing script: ["']?[\w:-]|^error: Script not found "|^error Command "[\w:-]{1,60}" not found\.$|^error: script "[\w:-]{1,60}" not found/i,
  ),
  certain(
    'entry-point-missing',
    'jvm-entry-point',
    /^Error: Unable to access jarfile |^Error: Could not find or load main class /,
  ),
  certain(
    'entry-point-missing',
    'other-entry-point',
    /^Could not open input file: |^error: Module not found "|^stat \S{1,300}\.go: no such file or directory$|^ruby: No such file or directory -- /,
  ),
  certain(
    'configuration',
    'asgi-app',
    /\bError loading ASGI app\b|^Failed to find attribute '[\w.]{1,60}' in '|\bFailed to find Flask application or factory in module\b|^Error: Could not import '[\w.]{1,80}'\.|\bUnable to load celery application\b/,
  ),

  // Other ecosystems
  certain(
    'missing-dependency',
    'jvm-class',
    /\bjava\.lang\.(?:NoClassDefFoundError|ClassNotFoundException|UnsupportedClassVersionError)\b/,
  ),
  certain(
    'missing-dependency',
    'ruby-gem',
    /\bcannot load such file -- |\bGem::(?:MissingSpec|LoadError)|\bBundler::(?:GemNotFound|GemRequireError)|^Could not find .{1,200} in (?:any of the sources|locally installed gems)|^bundler: command not found: /,
  ),
  certain(
    'missing-dependency',
    'php-package',
    /\bFailed opening required '|\bUncaught Error: (?:Class "[^"]{1,200}" not found|Call to undefined function )/,
  ),
  certain(
    'missing-dependency',
    'dotnet-assembly',
    /\bCould not load file or assembly '|\bYou must install (?:or update )?\.NET\b|\bThe framework 'Microsoft\.\w/,
  ),
  certain(
    'missing-dependency',
    'go-module',
    /\bno required module provides package\b|\bcannot find package "|\bgo\.mod file not found\b|^package \S{1,200} is not in std\b/,
  ),
  certain(
    'missing-dependency',
    'cargo',
    /^error: (?:could not find `Cargo\.toml`|no bin target named |no such command: )/,
  ),

  // Browsers
  certain('missing-dependency', 'playwright-browser', /\bExecutable doesn't exist at\b/, { advice: BROWSER }),
  certain(
    'missing-dependency',
    'browser-libraries',
    /\bHost system is missing dependencies to run browsers\b|\bMissing libraries:$/,
    { advice: 'Install the libraries that the browser needs (`npx playwright install-deps`), then spawn the agent.' },
  ),
  certain('missing-dependency', 'puppeteer-browser', /\bCould not find (?:Chrome|Chromium|Firefox) \(ver\b/, {
    advice: BROWSER,
  }),
  certain('missing-dependency', 'selenium-browser', /\bcannot find (?:Chrome|Firefox|MSEdge) binary\b/i, {
    advice: BROWSER,
  }),
  certain(
    'missing-dependency',
    'selenium-driver',
    /\bChromeDriver only supports Chrome version\b|\bNoSuchDriverException\b|'\w{0,20}driver' executable needs to be in PATH\b/,
    { advice: DRIVER },
  ),

  // Shells, wrappers and child processes
  certain(
    'missing-dependency',
    'shell-command-not-found',
    /^\S{0,200}sh(?:\.exe)?: (?:line \d{1,6}: |\d{1,6}: )?\S{1,200}: (?:command )?not found$|^\S{1,300}: (?:line )?\d{1,6}: \S{1,200}: (?:command )?not found$|^zsh:(?:\d{1,6}:)? command not found: \S|^(?:\S{1,100}: ){1,2}command not found$|\bis not recognized as an internal or external command\b/,
  ),
  certain(
    'missing-dependency',
    'runner-command-not-found',
    /^error: Failed to spawn: `|^Error: the command \S{1,100} could not be found within PATH\b|^Command not found: \S{1,100}$|^bun: command not found: /,
  ),
  certain(
    'missing-dependency',
    'exec-not-found',
    /\bexec: "[^"]{1,200}": (?:executable file not found\b|stat \S{1,200}: no such file)|^exec \S{1,200}: no such file or directory$/,
  ),
  certain(
    'missing-dependency',
    'program-not-in-path',
    /\bis not installed or (?:it's )?not in your PATH\b|\binstalled and in PATH\?|\bexecutables are on your systems' PATH\b|\bCouldn't find ff(?:mpeg|probe)\b|\bnot found in \$?PATH\b/,
  ),
  likely(
    'missing-dependency',
    'docker-image',
    /\bpull access denied for \S|\bmanifest for \S{1,200} not found\b|\bNo such image: /,
  ),
  likely('missing-dependency', 'node-spawn', /\bspawn \S{1,200} ENOENT\b/),
  likely('missing-dependency', 'python-subprocess', /^FileNotFoundError: \[Errno 2\] No such file or directory: '/, {
    frame: /\b_execute_child\b/,
  }),
  certain(
    'configuration',
    'not-executable',
    /^\S{0,200}sh: (?:\d{1,6}: )?\S{1,200}: Permission denied$|^env: ['‘]?\S{1,200}['’]?: Permission denied$|^exec \S{1,200}: permission denied$/,
    { advice: EXECUTABLE },
  ),
  likely('configuration', 'shell-permission', /^\S{1,200}: .{1,300}: Permission denied$/, { advice: EXECUTABLE }),
];
