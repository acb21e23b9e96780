const MAX_PORT = 65_535;

/** Lines that say that a port is in use. Only these are searched for its number. */
const IN_USE =
  /EADDRINUSE|AddrInUse|\[Errno (?:98|48)\]|\balready (?:used|bound|allocated|listening|running on port)\b|\balready have another\b|\bempty port in range\b|\bin use\b|\bport\b.{0,40}\b(?:occupied|taken|busy|unavailable|not available)\b/i;

/** Follows a port: neither another digit, nor the next part of a time, an address or a position in a file. */
const END = String.raw`(?!\w|[-.:]\d)`;
const PORT = String.raw`(\d{1,5})${END}`;

/**
 * Ways in which programs write a port into such a line, the plainest first. No expression may backtrack over long text:
 * each has bounded repetitions only.
 */
const PATTERNS: readonly RegExp[] = [
  // Port 3000 is in use; port: 3000; "port":3000; :port=>3000; port = '3000'; port number 3000
  String.raw`(?<![a-z])port(?: number)?["']?(?: ?(?:=>|[:=,#]) ?| )["']?${PORT}`,
  String.raw`\bport (?:is |was )?(?:already )?(?:in use|taken|allocated)[: ]{1,2}${PORT}`,
  // Python: ('127.0.0.1', 8000), also ('::', 8000, 0, 0)
  String.raw`\((?:'[^'\s]{0,64}'|"[^"\s]{0,64}"), ?${PORT}`,
  // 127.0.0.1:3000
  String.raw`(?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}:${PORT}`,
  // [::1]:3000
  String.raw`\[[\da-f:.]{0,45}(?:%\w{1,15})?\]:${PORT}`,
  // :::3000, ::1:3000
  String.raw`(?<![\w:])[\da-f:]{0,39}::[\da-f:.]{0,39}:${PORT}`,
  // http://localhost:5000, localhost:3000, *:3000
  String.raw`(?:\bhttps?://[\w.*+-]{1,100}|\blocalhost|(?<![\w*])\*|<null>):${PORT}`,
  // listen tcp :8080, bind to db.internal:5432
  String.raw`\b(?:tcp[46]?|listen(?:ing)?|bind(?:ing)?|on|to|for|address) ["'(]?(?:[a-z][\w.-]{0,100})?:${PORT}`,
  String.raw`\bempty port in range: ?(\d{1,5})-\d`,
  // Multiaddress: /ip4/127.0.0.1/tcp/4001
  String.raw`/tcp/${PORT}`,
].map((source) => new RegExp(source, 'gi'));

/** Member of an error that Node prints below the line about it. */
const MEMBER = new RegExp(String.raw`^ {1,16}port: ["']?${PORT}`);

/**
 * Returns the port in a text which says that a port is in use: a line, or several. Null if no such line names one. The
 * text is a program's output, so the number can be wrong, but it is in the range of ports.
 */
export function portOf(text: string): number | null {
  const lines = text.split(/\r?\n/);
  const relevant = lines.filter((line) => IN_USE.test(line));
  if (relevant.length === 0) return null;
  return firstPort(relevant, PATTERNS) ?? firstPort(lines, [MEMBER]);
}

function firstPort(lines: readonly string[], patterns: readonly RegExp[]): number | null {
  for (const line of lines) {
    for (const pattern of patterns) {
      const candidates = pattern.global ? [...line.matchAll(pattern)] : [pattern.exec(line)];
      const port = candidates.map((match) => Number(match?.[1] ?? 0)).find(isPort);
      if (port !== undefined) return port;
    }
  }
  return null;
}

function isPort(port: number): boolean {
  return port >= 1 && port <= MAX_PORT;
}
