import { execFileSync } from 'node:child_process';
import { makeTempFolder, type TempFolder } from '../../../test/support/temp-folder';
import { readLogTail } from './log-tail';

let folder: TempFolder;
beforeEach(() => {
  folder = makeTempFolder();
});
afterEach(() => {
  folder.remove();
});

describe('the end of a log', () => {
  it('is the whole log if that is short', async () => {
    expect(await readLogTail(folder.file('log', 'one\ntwo\n'))).toEqual({ text: 'one\ntwo\n', isCut: false });
  });

  it('is empty if nothing was written, or the log is missing', async () => {
    expect(await readLogTail(folder.file('log'))).toEqual({ text: '', isCut: false });
    expect(await readLogTail(folder.at('missing'))).toEqual({ text: '', isCut: false });
  });

  it('of a long log begins with a whole line, and is at most 256 kB', async () => {
    const lines = Array.from({ length: 40_000 }, (_, index) => `line ${index}`);
    const { text, isCut } = await readLogTail(folder.file('log', `${lines.join('\n')}\n`));
    expect([isCut, text.length <= 262_144, text.endsWith('line 39999\n')]).toEqual([true, true, true]);
    const [first = ''] = text.split('\n');
    expect(lines).toContain(first);
  });

  it('of one line that is too long is empty, since a part of a secret could not be masked', async () => {
    expect(await readLogTail(folder.file('log', 'x'.repeat(300_000)))).toEqual({ text: '', isCut: true });
  });

  it('is not read through a link', async () => {
    folder.file('secret', 'of another file');
    await expect(readLogTail(folder.link('log', 'secret'))).rejects.toMatchObject({ code: 'ELOOP' });
  });

  it('is not waited for at a named pipe or a folder', async () => {
    execFileSync('mkfifo', [folder.at('pipe')]);
    expect(await readLogTail(folder.at('pipe'))).toEqual({ text: '', isCut: false });
    expect(await readLogTail(folder.folder('log'))).toEqual({ text: '', isCut: false });
  });
});
