import fc from 'fast-check';
import { portOf } from './port-number';

const NODE = `node:events:497
      throw er; // Unhandled 'error' event
      ^

Error: listen EADDRINUSE: address already in use :::3000
    at Server.setupListenHandle [as _listen2] (node:net:1463:16)
    at Object.<anonymous> (/srv/agents/server.js:12:8)
Emitted 'error' event on Server instance at:
    at emitErrorNT (node:net:1442:8) {
  code: 'EADDRINUSE',
  errno: -98,
  syscall: 'listen',
  address: '::',
  port: 3000
}

Node.js v20.20.2`;

const PYTHON = `Traceback (most recent call last):
  File "/srv/agents/server.py", line 9, in <module>
    server = HTTPServer(("", 8000), Handler)
  File "/usr/lib/python3.12/socketserver.py", line 457, in __init__
    self.server_bind()
OSError: [Errno 98] Address already in use`;

const WERKZEUG = `Address already in use
Port 5000 is in use by another program. Either identify and stop that program, or start the server with a different port.`;

const BUN = `error: Failed to start server. Is port 3000 in use?
 syscall: "listen",
   errno: 0,
    code: "EADDRINUSE"`;

describe('the port in a text about a port in use', () => {
  it.each([
    ['Node', NODE, 3000],
    ['Node, without the text of the message', NODE.replace(/^Error: .*$/m, 'Error: listen EADDRINUSE'), 3000],
    ['Node on IPv4', 'Error: listen EADDRINUSE: address already in use 127.0.0.1:3000', 3000],
    ['Node on IPv6', 'Error: listen EADDRINUSE: address already in use ::1:3000', 3000],
    ['Node on a link', 'Error: listen EADDRINUSE: address already in use fe80::1:8081', 8081],
    ['Node before version 12', 'Error: listen EADDRINUSE :::8080', 8080],
    ['pino', '{"level":60,"pid":4711,"err":{"code":"EADDRINUSE","errno":-98,"address":"::","port":3000}}', 3000],
    ['Next.js', ' ⨯ Failed to start server\nError: listen EADDRINUSE: address already in use :::3000', 3000],
    ['Create React App', 'Something is already running on port 3000.', 3000],
    ['Vite', 'Error: Port 5173 is already in use', 5173],
    ['Bun', BUN, 3000],
    [
      'asyncio',
      "[Errno 98] error while attempting to bind on address ('127.0.0.1', 8000): address already in use",
      8000,
    ],
    ['asyncio on macOS', "[Errno 48] error while attempting to bind on address ('::', 8765, 0, 0): in use", 8765],
    [
      'uvicorn',
      "ERROR:    [Errno 98] error while attempting to bind on address ('0.0.0.0', 8080): address already in use",
      8080,
    ],
    ['gunicorn', "[2026-01-02 12:30:45 +0000] [4711] [ERROR] Connection in use: ('127.0.0.1', 5000)", 5000],
    ['Tornado', "OSError: [Errno 98] Address already in use: ('', 8888)", 8888],
    ['Flask', WERKZEUG, 5000],
    ['Streamlit', 'Port 8501 is not available', 8501],
    ['Gradio', 'OSError: Cannot find empty port in range: 7860-7860. You can specify a different port.', 7860],
    ['Jupyter', 'ERROR: the notebook server could not be started because port 8888 is not available.', 8888],
    ['Go', '2026/01/02 12:30:45 listen tcp :8080: bind: address already in use', 8080],
    ['Go with a position', '2026/01/02 12:30:45 main.go:45: listen tcp :8080: bind: address already in use', 8080],
    ['Go on IPv4', 'listen tcp4 0.0.0.0:80: bind: address already in use', 80],
    ['Go on IPv6', 'listen tcp [::1]:9090: bind: address already in use', 9090],
    ['Go with a name', 'listen tcp api.internal:9090: bind: address already in use', 9090],
    ['Spring Boot', 'Web server failed to start. Port 8080 was already in use.', 8080],
    ['Jetty', 'java.io.IOException: Failed to bind to /0.0.0.0:8080: Address already in use', 8080],
    ['Tomcat', 'java.net.BindException: Address already in use: JVM_Bind <null>:8009', 8009],
    ['NATS', 'Address already in use, Failed binding port=4222', 4222],
    ['Rust, with the address', 'Error: failed to bind 127.0.0.1:3000: Address already in use (os error 98)', 3000],
    ['a multiaddress', 'Failed to bind /dns/localhost/tcp/8080/http. Address already in use (os error 98)', 8080],
    ['Ruby', 'Address already in use - bind(2) for "127.0.0.1" port 3000 (Errno::EADDRINUSE)', 3000],
    ['Elixir', '[error] Failed to start listener, ip: {127, 0, 0, 1}, port: 4000 for reason :eaddrinuse', 4000],
    ['PHP', 'Failed to listen on localhost:8000 (reason: Address already in use)', 8000],
    ['Docker', 'Error starting userland proxy: listen tcp4 0.0.0.0:5432: bind: address already in use', 5432],
    ['Docker, published', 'Bind for 0.0.0.0:8080 failed: port is already allocated', 8080],
    ['Docker, mapped', 'cannot expose 0.0.0.0:8080->80/tcp: port is already allocated', 8080],
    ['.NET', 'Failed to bind to address http://127.0.0.1:5000: address already in use.', 5000],
    ['.NET on IPv6', 'Failed to bind to address http://[::]:5000: address already in use.', 5000],
    ['.NET with a name', 'Failed to bind to address https://myhost:5001: address already in use.', 5001],
    ['nginx', '2026/01/02 12:30:45 [emerg] 99#99: bind() to 0.0.0.0:80 failed (98: Address already in use)', 80],
    ['Apache', '(98)Address already in use: AH00072: make_sock: could not bind to address [::]:443', 443],
    ['Redis', 'Could not create server TCP listening socket *:6379: bind: Address already in use', 6379],
    ['Postgres', 'HINT: Is another postmaster already running on port 5432? If not, wait a few seconds.', 5432],
    ['MySQL', 'Do you already have another mysqld server running on port: 3306 ?', 3306],
    ['sshd', 'error: Bind to port 22 on 0.0.0.0 failed: Address already in use.', 22],
    ['Twisted', "Couldn't listen on any:8080: [Errno 98] Address already in use.", 8080],
    ['a gateway', 'Port 18789 is already in use.', 18_789],
    ['a short form', 'port already in use: 4000', 4000],
    ['an assignment', 'HTTP_PORT=3001 is already in use', 3001],
    ['a pid beside it', 'port 3000 is in use by process 4711', 3000],
    ['a pid before it', 'pid 4711: EADDRINUSE, port 3000', 3000],
    ['a later line', 'the address is already in use\r\nport 3000 is in use\r\n', 3000],
    ['an impossible port before it', 'port 99999 is in use, port 0 is in use, port 3000 is in use', 3000],
    ['the highest port', 'Port 65535 is already in use', 65_535],
  ])('is read as written by %s', (_, text, port) => {
    expect(portOf(text)).toBe(port);
  });

  it.each([
    ['no text', ''],
    ['another error', 'Error: connect ECONNREFUSED 127.0.0.1:3000'],
    ['a server that runs', 'Listening on port 3000\nhttp://localhost:3000'],
    ['a line of another error', `Address already in use\nconnect ECONNREFUSED 127.0.0.1:6379`],
    ['an error number of Python', PYTHON],
    ['an error number of macOS', 'OSError: [Errno 48] Address already in use'],
    ['an error number of Rust', 'Error: Os { code: 98, kind: AddrInUse, message: "Address already in use" }'],
    ['an error number in parentheses', 'Address already in use (os error 98)'],
    ['Java without a port', 'java.net.BindException: Address already in use (Bind failed)'],
    ['Django', 'Error: That port is already in use.'],
    ['a pid', 'Address already in use by pid 4711'],
    ['a pid in brackets', '[4711] ERROR Address already in use'],
    ['a date and a time', '2026-01-02 12:30:45 ERROR Address already in use'],
    ['a time after a word', 'on 12:30 address already in use; retry at 12:35:10'],
    ['an ISO time', 'Address already in use at 2026-01-02T12:30:45.123Z'],
    ['a line and a column', 'at bind (server.js:10:5) EADDRINUSE'],
    ['a position in a file', 'main.go:45: address already in use'],
    ['a position after a word', 'EADDRINUSE in listen server.ts:10:5'],
    ['a path of code', 'std::net::bind:98 Address already in use'],
    ['an error class of Ruby', 'Errno::EADDRINUSE: Address already in use - bind(2)'],
    ['a Unix socket', 'Error: listen EADDRINUSE: address already in use /srv/agent.sock'],
    ['a date after a port', 'port 2026-01-02 is in use'],
    ['port 0', 'Port 0 is already in use'],
    ['an impossible port', 'Port 70000 is already in use'],
    ['too many digits', 'Port 300000 is already in use'],
    ['a word that ends in port', 'report 3000: address already in use'],
    ['an address without a port', 'bind 192.168.0.17: address already in use'],
    ['a version', 'port 1.2.3 of the library: address already in use'],
  ])('is unknown for %s', (_, text) => {
    expect(portOf(text)).toBeNull();
  });

  it('is a port or null, for any text', () => {
    const word = fc.constantFrom('EADDRINUSE', 'port', 'in use', ':', '::', '(', "'", ', ', '[', ']', '.', ' ', '\n');
    const number = fc.nat({ max: 999_999 }).map(String);
    fc.assert(
      fc.property(fc.array(fc.oneof(word, number, fc.string()), { maxLength: 20 }), (parts) => {
        const port = portOf(`EADDRINUSE ${parts.join('')}`);
        if (port !== null) expect(port > 0 && port <= 65_535).toBe(true);
      }),
    );
  });

  it.each([
    ':',
    '::',
    '0:',
    '1.',
    '[',
    "('",
    'a',
    'port ',
    'port: ',
    'listen a',
    '/tcp/',
    ' ',
    'http://a',
    '*',
    '99999',
  ])('is searched in linear time in 64 kB of %j', (part) => {
    expect(portOf(`EADDRINUSE ${part.repeat(65_536 / part.length)}`)).toBeNull();
  });
});
