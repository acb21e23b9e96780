import { checkRows, node, python } from '../../../../test/support/rule-samples';
import { NETWORK_RULES } from './network-rules';

const goPanic = (words: string) =>
  `panic: ${words}\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/main.go:9 +0x1d\nexit status 2\n`;

describe('the table of the network', () => {
  checkRows(NETWORK_RULES, {
    'http-407': [
      'configuration likely',
      python(
        "requests.exceptions.ProxyError: HTTPSConnectionPool(host='x', port=443): (Caused by ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407 Proxy Authentication Required')))",
      ),
      node('AxiosError: Request failed with status code 407'),
    ],
    'certificate-expired': [
      'network certain',
      node('Error: certificate has expired', "code: 'CERT_HAS_EXPIRED'"),
      python(
        'ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)',
      ),
    ],
    certificate: [
      'configuration likely',
      python(
        'ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)',
      ),
      node('Error: self-signed certificate in certificate chain', "code: 'SELF_SIGNED_CERT_IN_CHAIN'"),
      goPanic('Get "https://x": tls: failed to verify certificate: x509: certificate signed by unknown authority'),
    ],
    'malformed-url': [
      'configuration likely',
      python("httpx.UnsupportedProtocol: Request URL is missing an 'http://' or 'https://' protocol."),
      python("requests.exceptions.MissingSchema: Invalid URL 'x': No scheme supplied."),
      node('TypeError: Invalid URL', "code: 'ERR_INVALID_URL',", "input: ''"),
    ],
    errno: [
      'network certain',
      node('Error: connect ECONNREFUSED 127.0.0.1:6379', 'errno: -111,', "code: 'ECONNREFUSED',"),
      node('Error: getaddrinfo ENOTFOUND api.example', "code: 'ENOTFOUND'"),
      node('Error: read ECONNRESET', "code: 'ECONNRESET'"),
    ],
    'errno-words': [
      'network certain',
      python('ConnectionRefusedError: [Errno 111] Connection refused'),
      python('redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.'),
      goPanic('dial tcp 127.0.0.1:5432: connect: connection refused'),
      'thread \'main\' panicked at src/main.rs:9:5:\ncalled `Result::unwrap()` on an `Err` value: Os { code: 111, kind: ConnectionRefused, message: "Connection refused" }\n',
    ],
    'name-resolution': [
      'network certain',
      python('socket.gaierror: [Errno -3] Temporary failure in name resolution'),
      goPanic('Get "https://x": dial tcp: lookup x: no such host'),
      'curl: (6) Could not resolve host: api.example\n',
    ],
    'python-network': [
      'network certain',
      python(
        'botocore.exceptions.EndpointConnectionError: Could not connect to the endpoint URL: "https://s3.example"',
      ),
      python("urllib3.exceptions.MaxRetryError: HTTPSConnectionPool(host='x', port=443): Max retries exceeded"),
      python(
        "OSError: Multiple exceptions: [Errno 111] Connect call failed ('::1', 5432, 0, 0), [Errno 111] Connect call failed ('127.0.0.1', 5432)",
      ),
      python('ssl.SSLEOFError: EOF occurred in violation of protocol (_ssl.c:2427)'),
    ],
    'python-http-client': [
      'network certain',
      python('httpx.ConnectError: All connection attempts failed'),
      python('httpx.RemoteProtocolError: peer closed connection without sending complete message body'),
      python('requests.exceptions.ChunkedEncodingError: Response ended prematurely'),
    ],
    aiohttp: [
      'network certain',
      python('aiohttp.client_exceptions.ServerDisconnectedError: Server disconnected'),
      python('aiohttp.client_exceptions.ClientPayloadError: Response payload is not completed'),
    ],
    websocket: [
      'network certain',
      python('websockets.exceptions.ConnectionClosedError: no close frame received or sent'),
      node('Error: WebSocket was closed before the connection was established'),
    ],
    'node-network': [
      'network certain',
      node('Error: socket hang up'),
      node('SocketError: other side closed', "code: 'UND_ERR_SOCKET',"),
      node('AxiosError: Network Error', "code: 'ERR_NETWORK'"),
    ],
    'go-network': [
      'network certain',
      goPanic('Post "https://api.example": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'),
      goPanic('read tcp 10.0.0.1:4: i/o timeout'),
    ],
    'jvm-network': [
      'network certain',
      'Exception in thread "main" java.net.ConnectException: refused\n\tat java.base/sun.nio.ch.Net.connect0(Native Method)\n',
      'Exception in thread "main" java.lang.RuntimeException: failed\n\tat Agent.main(Agent.java:3)\nCaused by: java.net.UnknownHostException: api.example\n\t... 1 more\n',
    ],
    'dotnet-network': [
      'network certain',
      'Unhandled exception. System.Net.Http.HttpRequestException: it failed (db:5432)\n ---> System.Net.Sockets.SocketException (111): refused\n   at Agent.Main()\n',
    ],
    'ruby-network': [
      'network certain',
      "agent.rb:3:in `initialize': execution expired (Net::OpenTimeout)\n\tfrom agent.rb:3:in `<main>'\n",
    ],
    'rust-network': ['network certain', 'Error: error sending request for url (https://api.example/)\n'],
    'browser-network': [
      'network certain',
      python('playwright._impl._errors.Error: Page.goto: net::ERR_NAME_NOT_RESOLVED at https://x.example'),
      node('Error: net::ERR_INTERNET_DISCONNECTED at https://x.example'),
    ],
    ssh: [
      'network certain',
      python('paramiko.ssh_exception.NoValidConnectionsError: [Errno None] Unable to connect to port 22 on 10.0.0.1'),
    ],
    'failed-to-connect': [
      'network certain',
      python(
        'ConnectionError: Failed to connect to Ollama. Please check that Ollama is downloaded, running and accessible.',
      ),
      'Error: could not connect to ollama app, is it running?\n',
    ],
    'docker-daemon': [
      'network certain',
      'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n',
      python("docker.errors.DockerException: Error while fetching server API version: ('x', FileNotFoundError(2))"),
    ],
    grpc: [
      'network certain',
      python(
        'grpc._channel._InactiveRpcError: <_InactiveRpcError of RPC that terminated with:\n\tstatus = StatusCode.UNAVAILABLE\n\tdetails = "it is away"\n>',
      ),
      node('Error: 14 UNAVAILABLE: No connection established', 'code: 14,'),
      goPanic('rpc error: code = Unavailable desc = it is away'),
    ],
    'http-5xx': [
      'network certain',
      python('requests.exceptions.HTTPError: 502 Server Error: Bad Gateway for url: https://api.example'),
      node('AxiosError: Request failed with status code 504'),
      python("openai.InternalServerError: Error code: 500 - {'error': {'message': 'x'}}"),
    ],
    'bare-connection-error': [
      'network certain',
      python('openai.APIConnectionError: Connection error.'),
      python('builtins.ConnectionError: it is away'),
    ],
    'sdk-connection-error': [
      'network certain',
      node('TypeError: fetch failed'),
      python('openai.APITimeoutError: Request timed out.'),
      python('google.api_core.exceptions.ServiceUnavailable: it is away'),
    ],
    'read-timeout': ['network certain', python('httpx_sse.ReadTimeout'), 'Error: connection timeout\n'],
  });
});
