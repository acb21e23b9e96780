const LEAST_SECRET = 6;

// eslint-disable-next-line no-control-regex -- what an agent writes must not steer a terminal, nor turn text around
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
// eslint-disable-next-line no-control-regex -- ECMA-48: the control sequences of terminals
const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

/** One line of text as it may be shown: without control characters, at most `max` characters. */
export function plainLine(text: string, max: number): string {
  const line = text.replace(ESCAPES, '').replace(UNPRINTABLE, ' ').replace(/\s+/g, ' ').trim();
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}

/**
 * Values that must not be shown become `***`, also where they stand encoded for a URL, for JSON or in base64. Those of fewer
 * than 6 characters are no secrets, and would blot out everything.
 */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets
    .filter((secret) => secret.length >= LEAST_SECRET)
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
    ]);
  const longestFirst = [...new Set(forms)].sort((left, right) => right.length - left.length);
  return longestFirst.reduce((masked, form) => masked.replaceAll(form, '***'), text);
}
