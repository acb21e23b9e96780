import fc from 'fast-check';
import { parseListeners } from './tcp-table';

/** Recorded from a Linux 6 machine. */
const TCP4 = [
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     ',
  '   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1604 1 00000000afda5d2f 100 0 0 10 0                      ',
  '   1: 0100007F:A921 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 36400 1 00000000e9035c19 100 0 0 10 0                     ',
  '   2: 3500007F:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000   991        0 21177 1 0000000033ab5d2f 100 0 0 10 5                     ',
  '   3: 0100007F:885F 0100007F:882E 06 00000000:00000000 03:00000CE5 00000000     0        0 0 3 00000000691173a8                                      ',
  '  10: 0100007F:9C40 0100007F:07E8 01 00000000:00000000 02:000004A1 00000000  1000        0 40123 2 0000000012345678 20 4 30 10 -1                     ',
  '  11: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 0 1 00000000afda5d2f 100 0 0 10 0                      ',
  '',
].join('\n');

const TCP6 = [
  '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
  '   0: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 53001 1 000000001f2e3d4c 100 0 0 10 0',
  '1234: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 53002 1 000000001f2e3d4c 100 0 0 10 0',
  '',
].join('\n');

describe('the TCP table of Linux', () => {
  it.each([
    ['one on every address and one on loopback', TCP4, 2024, ['1604', '21177']],
    ['one on loopback', TCP4, 43297, ['36400']],
    ['two on IPv6', TCP6, 3000, ['53001', '53002']],
    ['none for a connection from the port', TCP4, 40000, []],
    ['none for a connection that is over', TCP4, 34911, []],
    ['none without an inode', TCP4, 80, []],
    ['none on a port that nothing uses', TCP4, 3000, []],
    ['none in an empty table', '', 3000, []],
  ])('shows the sockets that listen on a port: %s', (_, table, port, inodes) => {
    expect(parseListeners(table, port)).toEqual(inodes);
  });

  it.each([
    ['is cut within a row', TCP4.slice(0, 240)],
    ['has another state', TCP4.replaceAll(' 0A ', ' 0B ')],
    ['has another separator', TCP4.replaceAll(':07E8', '.07E8')],
    ['has no inode', TCP4.replaceAll(/0 1604 .*/g, '').replaceAll(/0 21177 .*/g, '')],
    ['is one long line', TCP4.replaceAll('\n', ' ')],
  ])('shows nothing if it %s', (_, table) => {
    expect(parseListeners(table, 2024)).toEqual([]);
  });

  it('shows nothing in other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 65_535 }), (text, port) => {
        expect(parseListeners(text, port)).toEqual([]);
      }),
    );
  });
});
