import { httpStatus } from './http-status';
import { certain, likely, type Rule } from './rule';

const PROXY = 'The proxy refuses it: correct the proxy settings (HTTPS_PROXY and others) in env, then spawn the agent.';
const CERTIFICATE =
  'A certificate is not trusted: correct the URL, the clock of the machine or its certificates, then spawn the agent.';
const EXPIRED =
  'The certificate of a service has expired, or the clock of the machine is wrong. It is started again later.';

/** Connections that fail, and what HTTP clients say about answers. */
export const NETWORK_RULES: readonly Rule[] = [
  likely('configuration', 'http-407', httpStatus('407'), { advice: PROXY }),
  certain('network', 'certificate-expired', /\bCERT_HAS_EXPIRED\b|\bcertificate has expired\b/, { advice: EXPIRED }),
  likely(
    'configuration',
    'certificate',
    /\bCERTIFICATE_VERIFY_FAILED\b|\b(?:UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|ERR_TLS_CERT_ALTNAME_INVALID)\b|\bx509: certificate\b|\bself[- ]signed certificate\b|\bPKIX path building failed\b/,
    { advice: CERTIFICATE },
  ),
  likely(
    'configuration',
    'malformed-url',
    /\b(?:UnsupportedProtocol|MissingSchema|InvalidSchema)\b|\bERR_INVALID_URL\b|\bTypeError: (?:Invalid URL|Failed to parse URL)|\bexceptions\.InvalidURL\b|\bunsupported protocol scheme\b/,
  ),

  // The words of operating systems
  certain(
    'network',
    'errno',
    /\b(?:ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ECONNRESET|ECONNABORTED|ENETUNREACH|EHOSTUNREACH|EHOSTDOWN|EPIPE|ENETDOWN)\b/,
  ),
  certain(
    'network',
    'errno-words',
    /\b(?:connection (?:was )?(?:refused|reset|timed out|closed by|aborted)|no route to host|network is unreachable|broken pipe|host is (?:down|unreachable)|connection was forcibly closed|remote end closed connection|server closed the connection)\b/i,
  ),
  certain(
    'network',
    'name-resolution',
    /\b(?:failure in name resolution|name resolution failed|name or service not known|nodename nor servname|no such host|could not resolve host|getaddrinfo failed|no address associated with hostname|dns error)\b/i,
  ),

  // Languages and their clients
  certain(
    'network',
    'python-network',
    /\b(?:ConnectionRefusedError|ConnectionResetError|ConnectionAbortedError|BrokenPipeError|gaierror|NewConnectionError|MaxRetryError|NameResolutionError|ConnectTimeoutError|EndpointConnectionError|RemoteDisconnected|IncompleteRead|SSLEOFError|UNEXPECTED_EOF_WHILE_READING)\b|\bConnect call failed \('/,
  ),
  certain(
    'network',
    'python-http-client',
    /\b(?:httpx|httpcore)\.(?:Connect|Read|Write|Pool|Network|Proxy|Close|RemoteProtocol)\w{0,10}(?:Error|Timeout)\b|\brequests\.exceptions\.(?:SSLError|ProxyError|ConnectionError|ConnectTimeout|ReadTimeout|ChunkedEncodingError)\b|\burllib3\.exceptions\.(?:Protocol|Proxy|ReadTimeout|SSL)Error\b/,
  ),
  certain(
    'network',
    'aiohttp',
    /\b(?:ServerDisconnectedError|ServerTimeoutError|ClientConnector\w{0,20}Error|ClientConnectionError|ClientOSError|ClientPayloadError|WSServerHandshakeError|ClientConnectionResetError)\b/,
  ),
  certain(
    'network',
    'websocket',
    /\bwebsockets?\.exceptions\.(?:ConnectionClosed\w{0,10}|InvalidStatus\w{0,10}|InvalidHandshake)\b|\bWebSocketConnectionClosedException\b|\bWebSocket was closed before the connection was established\b/,
  ),
  certain(
    'network',
    'node-network',
    /\bsocket hang up\b|\bUND_ERR_(?:CONNECT_TIMEOUT|SOCKET|HEADERS_TIMEOUT|BODY_TIMEOUT)\b|\bERR_STREAM_PREMATURE_CLOSE\b|\bERR_SOCKET_CONNECTION_TIMEOUT\b|\bAxiosError: Network Error\b|^TypeError: terminated$/,
  ),
  certain(
    'network',
    'go-network',
    /\bdial (?:tcp|udp|unix)\b|\bi\/o timeout\b|\bcontext deadline exceeded\b|\bTLS handshake timeout\b/,
  ),
  certain(
    'network',
    'jvm-network',
    /\bjava\.net\.(?:ConnectException|UnknownHostException|SocketTimeoutException|NoRouteToHostException|SocketException|http\.HttpTimeoutException|http\.HttpConnectTimeoutException)\b/,
  ),
  certain('network', 'dotnet-network', /\bSystem\.Net\.Sockets\.SocketException\b/),
  certain('network', 'ruby-network', /\bNet::(?:Open|Read)Timeout\b|\bSocketError: /),
  certain('network', 'rust-network', /\berror trying to connect\b|\berror sending request for url\b/),
  certain(
    'network',
    'browser-network',
    /\bnet::ERR_(?:NAME_NOT_RESOLVED|CONNECTION_\w{1,20}|INTERNET_DISCONNECTED|NETWORK_CHANGED|TIMED_OUT|ADDRESS_UNREACHABLE)\b/,
  ),
  certain('network', 'ssh', /\bUnable to connect to port \d{1,5} on\b|\bError reading SSH protocol banner\b/),

  // Services
  certain(
    'network',
    'failed-to-connect',
    /\bFailed to connect to (?:the )?\w{1,40}\b|\b[Cc]annot connect to host\b|\bcould not connect to\b.{0,60}\b(?:server|host|app|instance)\b/,
  ),
  certain(
    'network',
    'docker-daemon',
    /\b[Cc]annot connect to the Docker daemon\b|\bError while fetching server API version\b/,
  ),
  certain(
    'network',
    'grpc',
    /\bStatusCode\.(?:UNAVAILABLE|DEADLINE_EXCEEDED)\b|\b14 UNAVAILABLE\b|\b4 DEADLINE_EXCEEDED\b|\bcode = (?:Unavailable|DeadlineExceeded)\b/,
  ),
  certain('network', 'http-5xx', httpStatus('50[024]|52[0-6]')),

  // Words that say only that something failed
  certain(
    'network',
    'bare-connection-error',
    /(?:^|[\w.]\.|: )ConnectionError: |\b[Cc]onnection error\b|\b(?:connection|server) (?:unavailable|unreachable)\b|\bServerNotFoundError\b|\bTransportError\b/,
    { isGeneric: true },
  ),
  certain(
    'network',
    'sdk-connection-error',
    /\bAPI(?:Connection|Timeout|ConnectionTimeout)Error\b|\bfetch failed\b|\bService ?Unavailable(?:Error|Exception)?\b|\bUNAVAILABLE\b|\bDEADLINE_EXCEEDED\b|\bDeadlineExceeded\b|\bInternalServerError\b|\bBad ?Gateway\w{0,10}|\bGateway ?Time-?[Oo]ut\b/,
    { isGeneric: true },
  ),
  certain('network', 'read-timeout', /\b(?:Read|Connect|Write)Timeout(?:Error)?\b|\bconnect(?:ion)? timeout\b/, {
    isGeneric: true,
  }),
];
