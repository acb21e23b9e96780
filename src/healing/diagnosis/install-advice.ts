/** Program that a run was started with. */
export interface RunProgram {
  /** Absolute path of the interpreter or executable. */
  readonly program: string;
  /** Absolute path of the folder of the entry point. */
  readonly folder: string;
}

const PYTHON_MISSING = /\bNo module named '([A-Za-z_]\w*)(?:\.[\w.]*)?'/;
const PYTHON_LACKS = /\bcannot import name '\w+' from '([A-Za-z_]\w*)(?:\.[\w.]*)?'/;
const NODE_MISSING = /\bCannot find (?:module|package) '((?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*)(?:\/[^']*)?'/;

/** Packages whose name differs from their module's. */
const PACKAGES: Readonly<Record<string, string>> = {
  ...{ bs4: 'beautifulsoup4', Crypto: 'pycryptodome', cv2: 'opencv-python', dateutil: 'python-dateutil' },
  ...{ discord: 'discord.py', docx: 'python-docx', dotenv: 'python-dotenv', fitz: 'PyMuPDF', git: 'GitPython' },
  ...{ jose: 'python-jose', jwt: 'PyJWT', PIL: 'Pillow', serial: 'pyserial', skimage: 'scikit-image' },
  ...{ sklearn: 'scikit-learn', telegram: 'python-telegram-bot', yaml: 'PyYAML' },
};

/**
 * Returns how to install what a program did not find, for the interpreter that ran it; null: unknown. The log is
 * untrusted: only a plain package name is taken from it, because the operator may paste the command into a shell.
 */
export function installAdvice(line: string, { program, folder }: RunProgram): string | null {
  const tool = program.slice(program.lastIndexOf('/') + 1);
  if (/^python[\d.]*$/.test(tool)) return pythonAdvice(line, program);
  if (tool !== 'node' && tool !== 'bun') return null;
  const name = NODE_MISSING.exec(line)?.[1];
  if (name === undefined) return null;
  const install = tool === 'bun' ? 'bun add' : 'npm install';
  return adviceOf(name, `cd ${quoted(folder)} && ${install} ${name}`);
}

function pythonAdvice(line: string, program: string): string | null {
  const pip = `${quoted(program)} -m pip install`;
  const missing = PYTHON_MISSING.exec(line)?.[1];
  if (missing !== undefined) return adviceOf(missing, `${pip} ${packageOf(missing)}`);
  const lacks = PYTHON_LACKS.exec(line)?.[1];
  return lacks === undefined ? null : adviceOf(lacks, `${pip} --upgrade ${packageOf(lacks)}`);
}

function packageOf(module: string): string {
  return Object.hasOwn(PACKAGES, module) ? (PACKAGES[module] ?? module) : module;
}

function adviceOf(name: string, command: string): string {
  return `Run \`${command}\` if ${name} is a package, or put your own module in place, then spawn it.`;
}

/** Quotes a path for a shell. */
function quoted(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
