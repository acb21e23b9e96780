import type { OutputLine } from './output-line';

/**
 * Lines that runtimes, wrappers and libraries print of their own accord as a program exits. They say nothing about its
 * reason. Each is matched against the words of one line.
 */
const NOISE: readonly RegExp[] = [
  // Node, Bun, Deno
  /^(?:Node\.js v\d|Bun v\d|\(Use `node --trace|\(node:\d+\) (?:\[\w+\] )?\w*Warning: )/,
  // npm, yarn, pnpm, bun run, nx, turbo
  /^(?:npm (?:ERR!|error|WARN|warn|notice)|error Command failed with exit code|info Visit https:\/\/yarnpkg|\/\S{1,300}:$|warning (?:\.\.|package\.json))/,
  /^(?: ?ELIFECYCLE\b|ERR_PNPM_RECURSIVE_RUN|error: script "[^"]{0,80}" (?:exited|was terminated)|error: "\w+" exited with code)/,
  /^(?:[Ee]xit status \d+|\[Process exited|Process exited with|Command failed with exit code|make(?:\[\d+\])?: \*\*\*|\d+: \w+: \[[\w./-]+\] Error \d)/,
  // other runners: npm-run-all, concurrently, nodemon, turbo, just, task, conda run
  /^(?:"[^"]{1,80}" exited with \d+\.?$|.{1,120} exited with code \d+$|--> Sending SIG|\[nodemon\] |run failed: command |command finished with error: )/,
  /^(?:error: Recipe `|task: Failed to run task|ERROR conda\.cli\.|Aborting on container exit|sending SIGTERM to all)/,
  // asyncio, aiohttp
  /^(?:Unclosed (?:client session|connector|connection)|client_session: <|connector: <|connections: \[|client_connection: |transport: <)/,
  /^(?:Task was destroyed but it is pending!|task: <Task|future: <(?:Task|Future)|\w*Warning: Enable tracemalloc )/,
  // gRPC, abseil, tokenizers
  /^(?:grpc_wait_for_shutdown|WARNING: All log messages before absl::|All log messages before absl::|huggingface\/tokenizers: )/,
  // multiprocessing, the garbage collector
  /^(?:resource_tracker: |ResourceWarning: |object allocated at \(most recent|Object allocated at)/,
  // Sentry and other reporters
  /^(?:Sentry is attempting to send|Waiting up to \d+ seconds?$|Press C(?:tr|on)l-(?:C|Break) to quit)/i,
  // gunicorn, uvicorn, celery, hypercorn
  /^(?:Worker exiting \(pid|Worker \(pid:?\s?\d+\) (?:exited|was sent)|Shutting down: Master|Reason: Worker failed to boot|Handling signal: |Booting worker with pid|Exception in worker process|Worker failed to boot)/,
  /^(?:Application (?:startup failed\. Exiting|shutdown)|Finished (?:server|reloader) process|Stopping reloader process|Waiting for (?:application|connections|background))/,
  // shells, Rust, Go, Java
  /^(?:Aborted \(core dumped\)|note: run with `RUST_BACKTRACE|note: Some details are omitted|stack backtrace:|\[\w+\] exit)/,
  // our own helpers for agents, in `examples/agents`
  /^(?:heartbeat failed, retrying: |heartbeats work again$)/,
  // container and process managers
  /^(?:PM2 +\||\S{1,60} exited with code \d+$|Received (?:SIGTERM|SIGINT|shutdown)|Container \S{1,60} (?:stopped|exited))/,
];

/** Words with which programs take their leave. */
const FAREWELL =
  /^(?:(?:now |server |bot |agent |worker |service |application )?(?:is )?(?:gracefully )?(?:shutting down|shut down|shutdown|exiting|stopping|stopped|closing|cleaning up|cleanup|disconnecting|disconnected|terminating|terminated|goodbye|good bye|bye)|(?:process|program|agent|bot|server|worker) (?:is )?(?:exiting|stopping|stopped|exited|ended|finished)|done\b)/i;
const FAREWELL_LENGTH = 70;

/** Warning of Python. The line that it is about may follow, with an indent. */
export const WARNING_HEAD = /^[^\s:](?:.{0,300}[^:])?:\d+: \w{0,60}Warning: /;

const CARETS = /^[\s^~=*─━═_.-]*$/;

/** Returns true if the line says nothing about why its program exited. */
export function isNoise({ words, level }: OutputLine): boolean {
  const text = words.trimStart();
  if (CARETS.test(text) || WARNING_HEAD.test(text) || NOISE.some((pattern) => pattern.test(text))) return true;
  const isAlarm = level === 'error' || level === 'fatal';
  return !isAlarm && text.length <= FAREWELL_LENGTH && FAREWELL.test(text.replace(/^[^\p{L}\p{N}]+/u, ''));
}

/** Heads of what Python reports about errors that it ignored while it exited. */
export const IGNORED_HEAD =
  /^(?:Exception ignored (?:in|on|while)\b|Error in atexit\._run_exitfuncs|--- Logging error ---|Error in sys\.excepthook)/;

/** Heads of reports about an error that does not end the process: it belongs to a task or a thread. */
export const ASIDE_HEAD =
  /^(?:Task exception was never retrieved|Future exception was never retrieved|Exception in thread (?!"main")|Exception in callback |Unhandled exception in (?:thread|callback|event loop)|an error occurred during closing of asynchronous generator|--- End of logging error)/;
