import { parseLsof } from './lsof-format';

describe('the output of lsof -Fpc', () => {
  it.each([
    ['one process', 'p8436\ncnode\n', { pid: 8436, name: 'node' }],
    ['a process with its descriptors', 'p812\ncPython\nf5\nf6\n', { pid: 812, name: 'Python' }],
    ['the first of two processes', 'p70\ncControlCenter\nf9\np912\ncnode\n', { pid: 70, name: 'ControlCenter' }],
    ['a name with spaces', 'p5\ncGoogle\\x20Chrome\\x20Helper\n', { pid: 5, name: 'Google Chrome Helper' }],
    ['a name that looks like a field', 'p5\ncp6\nf3\n', { pid: 5, name: 'p6' }],
    ['a process without a name', 'p5\nf3\np6\ncother\n', { pid: 5, name: '' }],
    ['a warning before it', 'lsof: WARNING: cannot stat() fs\np5\ncnode\n', { pid: 5, name: 'node' }],
    ['a pid alone', 'p5', { pid: 5, name: '' }],
  ])('is parsed: %s', (_, output, expected) => {
    expect(parseLsof(output)).toEqual(expected);
  });

  it.each([
    '',
    '\n',
    'cnode\n',
    'p\ncnode',
    'p0\ncnode',
    'p-5\ncnode',
    'px5',
    'p5 6',
    `p${'9'.repeat(400)}`,
    'lsof: no',
  ])('names no process: %j', (output) => {
    expect(parseLsof(output)).toBeNull();
  });
});
