import { refusalOf } from './refused-address';

const OWN = { port: 3100, addresses: ['10.0.0.5', 'fd12::5'] };

describe('a card is fetched', () => {
  it.each([
    ['127.0.0.1', 4101],
    ['::1', 4101],
    ['10.0.0.5', 4101],
    ['10.0.0.6', 3100],
    ['192.168.1.1', 80],
    ['fd12::6', 80],
    ['93.184.216.34', 443],
    ['169.253.255.255', 80],
  ])('from %s port %d', (address, port) => {
    expect(refusalOf(address, port, OWN)).toBeNull();
  });
});

describe('no card is fetched', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    'fe80::1',
    'fd00:ec2::254',
    'fd20:ce::254',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
  ])('from %s, where a cloud serves credentials or no agent lives', (address) => {
    expect(refusalOf(address, 80, OWN)).toContain('link-local');
  });

  it.each(['127.0.0.1', '127.9.9.9', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1', '10.0.0.5', 'fd12::5'])(
    'from the own port at %s',
    (address) => {
      expect(refusalOf(address, 3100, OWN)).toContain('own port');
    },
  );
});
