import { wellFormed } from '../text';

/** Columns at which tools wrap base64: PEM and openssl, then MIME and coreutils. */
const WRAPS = [64, 76] as const;
/** Shortest wrapped line of base64 that is taken as a form of its own. */
const MIN_LINE_LENGTH = 8;

/** Longest text of which all encodings are made. A longer value of an environment variable is no key, but a document. */
const MAX_ENCODED = 8_192;

/**
 * Returns the ways in which programs write a text: unchanged, escaped, URL-encoded, and in base64 and hex. Of a text over
 * 8,192 characters: unchanged, and as JSON.
 */
export function encodingsOf(text: string): string[] {
  const whole = wellFormed(text);
  if (text.length > MAX_ENCODED) return [text, escapeJson(whole)];
  return [text, ...escapesOf(whole), ...urlEncodingsOf(whole), ...hexOf(whole), ...base64FormsOf(whole)];
}

/** Returns the text inside string literals of JSON, JavaScript and Python. */
function escapesOf(text: string): string[] {
  const json = escapeJson(text);
  const python = json.replaceAll('\\"', '"');
  const ascii = json.replace(/[^\0-\u007f]/g, unicodeEscape);
  return [
    json,
    escapeJson(json),
    python,
    python.replaceAll("'", "\\'"),
    ascii, // Python's json.dumps
    escapeJson(ascii),
    json.replace(/[<>&]/g, unicodeEscape), // Go
    ascii.replaceAll('/', '\\/'), // PHP
  ];
}

function escapeJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function urlEncodingsOf(text: string): string[] {
  const component = encodeURIComponent(text);
  // RFC 3986 reserves these too.
  const strict = component.replace(/[!'()*]/g, (unit) => `%${unit.charCodeAt(0).toString(16).toUpperCase()}`);
  const encoded = [
    component,
    strict,
    strict.replaceAll('%2F', '/'), // Python's quote
    strict.replaceAll('%20', '+'), // forms
    strict.replaceAll('%2A', '*').replaceAll('%20', '+'), // forms in browsers
    encodeURI(text),
  ];
  return encoded.flatMap((each) => [each, each.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

function hexOf(text: string): string[] {
  const hex = Buffer.from(text).toString('hex');
  return [hex, hex.toUpperCase()];
}

function base64FormsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const padded = bytes.toString('base64');
  const wrapped = WRAPS.filter((columns) => padded.length > columns).flatMap((columns) => wrap(padded, columns));
  const forms = [
    padded,
    padded.replace(/=+$/, ''),
    ...[0, 1, 2].map((offset) => alignedCore(bytes, offset)),
    ...wrapped,
  ];
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (let start = 0; start < text.length; start += columns) lines.push(text.slice(start, start + columns));
  return lines.filter((line) => line.length >= MIN_LINE_LENGTH);
}

/**
 * Returns the base64 of the bytes where other bytes surround them, as in the `user:secret` of Basic authentication.
 * The first and last digit are left out if they also depend on those other bytes. They tell at most 4 bits.
 *
 * @param offset number of bytes before them, modulo 3
 */
function alignedCore(bytes: Buffer, offset: number): string {
  const digits = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  return digits.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}
